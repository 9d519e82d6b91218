# Glance 25.1 (Zed) as Debian 12 packages it, in a root of its own: extracted, so nothing of it is installed or started.
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../lib.sh"
ROOT=${GLANCE25_ROOT:-$(fetch glance25)}

# inside COMMAND...: replaces this process by the command in that root, which sees the temporary directory (where the
# tests keep configuration, images and database) under its own name.
inside() {
    local temporary=${TMPDIR:-/tmp}
    mkdir -p "$ROOT/$temporary"
    # shellcheck disable=SC2016
    exec unshare --mount bash -c '
        root=$1 temporary=$2; shift 2
        mount --rbind "$temporary" "$root/$temporary"
        mount --rbind /dev "$root/dev"
        mount --bind /proc "$root/proc"
        cp /etc/hosts /etc/resolv.conf "$root/etc/" 2>/dev/null
        exec chroot "$root" "$@"' bash "$ROOT" "$temporary" "$@"
}
