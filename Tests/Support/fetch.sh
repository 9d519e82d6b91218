# What is taken from the network: tried again when it breaks, and there as a whole or not at all. Sourced by `fetch` and
# packaging/sysroot, whose own `set -e` has to be in force: do not call `once` in a condition or behind `&&` and `||`.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit
CACHE=${GLANCE_TEST_CACHE:-$HOME/.cache/openstack-glance-tests}
SUPPORT=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
say() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; }

# persist COMMAND...: up to three times, until it succeeds.
persist() {
    local try
    for try in 1 2 3; do
        ! "$@" || return 0
        [ $try = 3 ] || { say "failed, trying again: $*"; sleep $((5 * try)); }
    done
    say "failed: $*"
    return 1
}

# debian SUITE DIRECTORY PACKAGE,...: extracts these packages and what they need; nothing of them is installed or run.
debian() {
    local mode=root
    # Without root, too: nothing is run in it.
    [ "$(id -u)" = 0 ] || mode=chrootless
    rm -rf "$2"
    mmdebstrap --quiet --mode=$mode --variant=extract --aptopt='Acquire::Check-Valid-Until "false"' \
        --include="$3" "$1" "$2" >&2
}

# once TARGET MAKER [ARGUMENT...]: unless TARGET is there, calls MAKER with the arguments and an empty directory to fill, and
# makes TARGET a link to that directory when it is complete. (A virtual environment cannot be moved.)
once() {
    local target=$1
    shift
    [ ! -e "$target" ] || return 0
    mkdir -p "$CACHE"
    (
        flock 8
        [ ! -e "$target" ] || exit 0
        rm -rf "$target".*          # left by one that was killed
        new=$(mktemp -d "$target.XXXXXX")
        chmod 755 "$new"
        trap 'rm -rf "$new" "$target.link"' EXIT
        say "making $target (once)"
        "$@" "$new"
        ln -s "${new##*/}" "$target.link"
        mv -T "$target.link" "$target"
        trap - EXIT
    ) 8>"$CACHE/.$(basename "$target").lock"
}
