# The service as containers run it: a small Debian tree, read-only, with the files of the .deb in it; no init, no systemd, no
# shell, no entry for the user in /etc/passwd. Sourced by tests, after lib.sh.
# shellcheck shell=bash
CONTAINER_USER=42415
ROOT=$WORK/root             # the tree
VOLUMES=$WORK/volumes       # what can be written in it, and its configuration

# make_root: the tree, and empty volumes for /etc/glance, /var/lib/glance and /var/log.
make_root() {
    cp -a "$("$PROJECT/Tests/Support/fetch" container)" "$ROOT"
    dpkg-deb -x "$DEB" "$ROOT"
    rm -rf "$VOLUMES"
    mkdir -p "$VOLUMES"/{etc,lib,log} "$ROOT"/{etc/glance,var/lib/glance,var/log,proc,dev,tmp}
    # Every runtime provides that one.
    printf '%s\n' '127.0.0.1 localhost' '::1 localhost' >"$ROOT/etc/hosts"
    cp -r "$ROOT"/usr/share/openstack-glance/etc/* "$VOLUMES/etc/"
    chown -R "$CONTAINER_USER" "$VOLUMES"
}

# contain COMMAND...: replaces this process by one whose only child is the command, as PID 1 of a container.
contain() {
    # shellcheck disable=SC2016
    exec unshare --mount --pid --ipc --uts --fork --kill-child --propagation private -- bash -c '
        set -e
        root=$1 volumes=$2 user=$3
        shift 3
        # As container runtimes do: standard output may be opened again, by /dev/stdout.
        chown "$user" /proc/self/fd/1 /proc/self/fd/2
        mount --bind "$root" "$root"
        mount --bind -o ro "$volumes/etc" "$root/etc/glance"
        mount -o remount,bind,ro "$root/etc/glance"
        mount --bind "$volumes/lib" "$root/var/lib/glance"
        mount --bind "$volumes/log" "$root/var/log"
        mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
        mount -t tmpfs -o nosuid,mode=755 tmpfs "$root/dev"
        mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs "$root/tmp"
        mkdir -m 1777 "$root/dev/shm"
        for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9; do
            IFS=: read -r name major minor <<<"$device"
            mknod -m 666 "$root/dev/$name" c "$major" "$minor"
        done
        ln -s /proc/self/fd "$root/dev/fd"
        for link in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${link%:*}" "$root/dev/${link#*:}"; done
        mount -o remount,bind,ro "$root/dev"
        mount -o remount,bind,ro "$root"
        exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin setpriv --bounding-set -all,+setuid,+setgid,+sys_chroot \
            chroot --userspec="$user:$user" "$root" "$@"' bash "$ROOT" "$VOLUMES" "$CONTAINER_USER" "$@"
}

# in_container COMMAND...: runs the command in a container of its own, until it ends.
in_container() { (contain "$@"); }

# passes_check: the check of the configuration; says what it has against it.
passes_check() {
    local status=0
    in_container /usr/bin/glance-api --check-config >"$WORK/checked" 2>&1 || status=$?
    [ $status = 0 ] || { grep -v '^Success' "$WORK/checked" | sort -r; return $status; }
}

# start_container COMMAND...: in the background; its output goes to $WORK/output, by a pipe. INIT is its PID 1 as this
# machine knows it.
start_container() {
    rm -f "$WORK/pipe"
    mkfifo "$WORK/pipe"
    cat <"$WORK/pipe" >"$WORK/output" &
    (contain "$@") >"$WORK/pipe" 2>&1 &
    CONTAINER=$!
    wait_until pgrep -P "$CONTAINER" || true
    INIT=$(pgrep -P "$CONTAINER" || echo ended)
}
# serves STATUS URL: as `is`, but says what the service has said when there is no answer.
serves() { is "$1" code "$2" || { grep -E ' (WARNING|ERROR|CRITICAL) |^ERROR' "$WORK/output" | tail -n 3; return 1; }; }

# stop_container: TERM to PID 1, as container runtimes do it. STATUS is what it ended with, "late" if it did not end.
stop_container() {
    kill -TERM "$INIT" 2>/dev/null || true
    if PATIENCE=${1:-15} wait_until not kill -0 "$CONTAINER"; then
        STATUS=0
        wait "$CONTAINER" || STATUS=$?
    else
        STATUS=late
        kill -KILL "$CONTAINER" 2>/dev/null || true
        wait "$CONTAINER" || true
    fi
}

free_port() {
    local port
    while port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}
code() { curl -sS -m 10 -o /dev/null -w '%{http_code}' "$@"; }
