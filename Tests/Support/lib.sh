# Shared functions of the starters in this folder. Sourced, not run. README.md explains the protocol.

set -eu
set -o pipefail
# A failure inside of $(…) is one.
shopt -s inherit_errexit
umask 022
export LC_ALL=C.UTF-8

HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
NAME=$(basename "$0")

say() { printf '%s: %s\n' "$NAME" "$*" >&2; }
die() { say "error: $*"; exit 1; }

# need PACKAGE...: installs the Debian packages that are missing.
need() { "$HERE/need" "$@"; }

# fetch NAME: path of a virtual environment or tree, made at the first use.
fetch() { "$HERE/fetch" "$1" || die "cannot fetch $1"; }

# free_port: a port below the kernel's ephemeral range (an outgoing connection cannot take it) that nobody listens on: one of 6000
# from GLANCE_TEST_FIRST_PORT on, so that test runs side by side take none of each other's while a server is stopped.
free_port() {
    local port
    while :; do
        port=$((${GLANCE_TEST_FIRST_PORT:-20000} + RANDOM % 6000))
        listening "$port" || break
    done
    echo "$port"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

secret() { head -c 64 /dev/urandom | base64 | tr -dc 'A-Za-z0-9' | head -c 24; }

# spawn COMMAND...: a daemon in a session of its own, which ends even when this script is killed; $PID. Output to
# $DIRECTORY/output.
spawn() {
    setsid setpriv --pdeathsig TERM "$@" >>"$DIRECTORY/output" 2>&1 </dev/null &
    PID=$!
}

# await CHECK...: until the check succeeds; gives up when the daemon has ended, or after a minute.
await() {
    local end=$((SECONDS + 60))
    until "$@" >/dev/null 2>&1; do
        kill -0 "$PID" 2>/dev/null || { tail -20 "$DIRECTORY/output" >&2; die "ended while it was starting"; }
        [ $SECONDS -lt $end ] || { tail -20 "$DIRECTORY/output" >&2; die "not ready after a minute"; }
        sleep 0.05
    done
}

# finish [SIGNAL]: ends the daemon's process group and waits for it.
finish() {
    [ -n "${PID:-}" ] || return 0
    kill -"${1:-TERM}" -- "-$PID" 2>/dev/null || true
    local end=$((SECONDS + 10))
    while kill -0 "$PID" 2>/dev/null; do
        [ $SECONDS -lt $end ] || kill -KILL -- "-$PID" 2>/dev/null || true
        sleep 0.02
    done
    wait "$PID" 2>/dev/null || true
    PID=
}

# serve: the life of a starter. The script defines prepare, start and describe, and may redefine stop.
stop() { finish TERM; }
serve() {
    # Under /tmp and readable, because some servers run as another user.
    DIRECTORY=$(mktemp -d "${TMPDIR:-/tmp}/glance-test-$NAME.XXXXXX")
    chmod 755 "$DIRECTORY"
    trap 'stop; rm -rf "$DIRECTORY"' EXIT
    trap 'exit 143' TERM
    trap 'exit 130' INT
    prepare
    start
    describe
    echo "SERVER_PID=$PID"
    echo ready
    local command
    while read -r command; do
        case $command in
            start | stop) "$command"; echo ready ;;
            *) die "what is \"$command\"? start, stop, or end of input" ;;
        esac
    done
}
