# Shared by the tests of the packages. Sourced. A test may set before: MACHINE_PACKAGES for what its machine has beside the
# usual, NEEDS for Debian packages on this machine, FETCHES for names that Tests/Support/fetch knows. Called with --fetch a
# test gets all of that and ends: nothing is taken from the network when a machine runs, which has none.
# shellcheck shell=bash
set -euo pipefail
shopt -s inherit_errexit
HERE=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
PROJECT=$(readlink -f "$HERE/../..")
NAME=$(basename "$0")
export MACHINE=test-$NAME
SERVICE=openstack-glance-api.service
: "${RESULTS:=/dev/null}"
# What must never be found in a journal.
DATABASE_PASSWORD='s3cret-database'
KEYSTONE_SECRET='s3cret-keystone'
IMAGES=http://127.0.0.1:9292/v2/images

boot() { "$HERE/boot" "$@"; }
if [ "${1:-}" = --fetch ]; then
    # shellcheck disable=SC2086
    "$PROJECT/Tests/Support/need" ${NEEDS:-}
    # shellcheck disable=SC2086
    "$PROJECT/Tests/Support/fetch" ${FETCHES:-} >/dev/null
    boot create
    exit 0
fi

WORK=$(mktemp -d)
finish() {
    local job
    for job in $(jobs -p); do kill "$job" 2>/dev/null || true; done
    [ -n "${KEEP_MACHINE:-}" ] || boot destroy
    rm -rf "$WORK"
}
trap finish EXIT

inside() { boot exec "$@"; }
# What a test does on the way, not checked itself: said only if it fails.
quietly() { "$@" >"$WORK/quiet" 2>&1 || { cat "$WORK/quiet" >&2; return 1; }; }

# check WHAT COMMAND...: one result; the command is tried for $PATIENCE seconds (15).
check() {
    local what=$1 end=$((SECONDS + ${PATIENCE:-15})) line
    shift
    line="ok     $NAME: $what"
    until "$@" >"$WORK/out" 2>&1; do
        if ((SECONDS >= end)); then
            line="failed $NAME: $what: $(tail -n 3 "$WORK/out" | tr '\n' ' ' | cut -c1-300)"
            break
        fi
        sleep 0.2
    done
    echo "$line" | tee -a "$RESULTS"
}
# The same for what must be so at once.
check_now() { PATIENCE=0 check "$@"; }

is() { # is WANTED COMMAND...: what the command prints
    local out
    out=$("${@:2}" 2>&1) || true
    [ "$out" = "$1" ] || { printf '%s\n' "$out"; return 1; }
}
has() { # has REGEX COMMAND...: what the command prints contains
    local out
    out=$("${@:2}" 2>&1) || true
    grep -qE -- "$1" <<<"$out" || { printf '%s\n' "$out"; return 1; }
}
not() { ! "$@"; }
# stays SECONDS COMMAND...: the command succeeds all that time.
stays() {
    local end=$((SECONDS + $1))
    while ((SECONDS < end)); do "${@:2}" || return 1; sleep 0.5; done
}
# wait_until COMMAND...: at most $PATIENCE seconds (15).
wait_until() {
    local end=$((SECONDS + ${PATIENCE:-15}))
    until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; sleep 0.1; done
}

show() { inside systemctl show -P "$1" "${2:-$SERVICE}"; }
state() { inside systemctl is-active "${1:-$SERVICE}"; }
http() { boot net curl -sS -m 10 -o /dev/null -w '%{http_code}' "$@"; }
journal() { inside journalctl -u "$SERVICE" -b --no-pager "$@"; }
# has_event MESSAGE_ID: since $SINCE.
has_event() { [ -n "$(journal -o cat "MESSAGE_ID=$1" ${SINCE:+--since "$SINCE"})" ]; }
now() { inside date '+%Y-%m-%d %H:%M:%S'; }
# event NAME: its id, from where it is declared.
event() {
    sed -n "/static let $1 /,/id:/s/.*id: \"\([0-9a-f]\{32\}\)\".*/\1/p" "$PROJECT"/Sources/Events/*.swift | head -n 1
}

# MACHINE_OPTIONS: for packages with executables of a debug build, --bind /opt/swift:/opt/swift
start_machine() {
    # shellcheck disable=SC2086
    quietly boot start --fresh ${MACHINE_OPTIONS:-}
}
install_deb() { quietly boot install "$DEB"; }
install_rpm() { quietly boot install "$RPM"; }

# PostgreSQL in the machine, with the database and role glance.
start_postgresql() {
    quietly inside systemctl start postgresql
    # Not on the command line, which the journal knows.
    quietly inside su postgres -c psql <<<"CREATE ROLE glance LOGIN PASSWORD '$DATABASE_PASSWORD'; CREATE DATABASE glance OWNER glance;"
}
DATABASE_URL=postgresql://glance:$DATABASE_PASSWORD@127.0.0.1/glance

# Writes the configuration: everybody is an administrator, images are files. Lines for [DEFAULT] may follow.
configure() {
    inside sh -c 'cat >/etc/glance/glance-api.conf' <<CONF
[DEFAULT]
workers = 2
enabled_backends = local:file
graceful_shutdown_timeout = 5
$(printf '%s\n' "$@")

[database]
connection = $DATABASE_URL

[glance_store]
default_backend = local

[local]
filesystem_store_datadir = /var/lib/glance/images

[os_glance_staging_store]
filesystem_store_datadir = /var/lib/glance/staging

[os_glance_tasks_store]
filesystem_store_datadir = /var/lib/glance/tasks

[keystone_authtoken]
auth_url = http://127.0.0.1:5000
username = glance
password = $KEYSTONE_SECRET

[oslo_policy]
policy_file = policy.yaml
CONF
    inside sh -c 'printf "\"context_is_admin\": \"@\"\n" >/etc/glance/policy.yaml'
}
sync_database() { quietly inside su -s /bin/sh -c 'glance-manage db sync' glance; }

# A machine with the .deb, a database and a running service.
start_service() {
    start_machine
    install_deb
    start_postgresql
    configure "$@"
    sync_database
    quietly inside systemctl enable --now "$SERVICE"
}

# upload NAME BYTES: a new image; prints its id.
upload() {
    local id
    id=$(cat /proc/sys/kernel/random/uuid)
    boot net curl -fsS -m 60 -o /dev/null "$IMAGES" -H 'Content-Type: application/json' \
        -d "{\"id\": \"$id\", \"name\": \"$1\", \"disk_format\": \"raw\", \"container_format\": \"bare\"}"
    head -c "$2" /dev/urandom >"$WORK/image"
    boot net curl -fsS -m 60 -o /dev/null -T "$WORK/image" "$IMAGES/$id/file" -H 'Content-Type: application/octet-stream'
    echo "$id"
}
# Checksum of an image's data as the service hands them out, and as it has recorded them.
downloaded() { boot net curl -fsS -m 60 "$IMAGES/$1/file" | md5sum | cut -d' ' -f1; }
recorded() { boot net curl -fsS -m 10 "$IMAGES/$1" | grep -o '"checksum": *"[^"]*"' | cut -d'"' -f4; }
is_whole() { [ -n "$(recorded "$1")" ] && [ "$(downloaded "$1")" = "$(recorded "$1")" ]; }

# start_load IMAGE: 32 clients with short requests and 16 with slow downloads of that image, until end_load.
start_load() {
    mkfifo "$WORK/load"
    boot net python3 "$HERE/load.py" "$IMAGES" "$1" <"$WORK/load" >"$WORK/load.json" &
    LOAD=$!
    exec 7>"$WORK/load"
    until [ -s "$WORK/load.json" ]; do sleep 0.1; done
}
# until_served: until every client of the load has had another answer.
until_served() {
    local seen
    seen=$(wc -l <"$WORK/load.json")
    echo >&7
    PATIENCE=60 wait_until more_than "$seen"
}
more_than() { (($(wc -l <"$WORK/load.json") > $1)); }
end_load() {
    exec 7>&-
    wait "$LOAD"
    rm "$WORK/load"
}
# load FIELD: a number of the last load's result.
load() { tail -n 1 "$WORK/load.json" | grep -o "\"$1\": [0-9]*" | cut -d' ' -f2; }
