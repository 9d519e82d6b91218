# A Ceph cluster in $DIRECTORY/ceph: one monitor, one manager, one BlueStore OSD over a sparse file, cephx on, everything on
# 127.0.0.1. Sourced after lib.sh, by `ceph` and by what runs on such a cluster. Where CEPH_CONF names a cluster that another
# starter has started, that one is used.
#
#   ceph_prepare   installs the packages and makes the cluster's files
#   ceph_start     starts it, and at the first time makes pools and accounts; returns when it can be used
#   ceph_stop      ends it at once; the data stay
#   ceph_describe  prints how it is reached
# shellcheck shell=bash

CEPH_PACKAGES=(ceph-mon ceph-osd ceph-mgr ceph-common librbd1 librados2 python3-rados python3-rbd)

c() { timeout 60 ceph --connect-timeout 20 -c "$CEPH/ceph.conf" "$@"; }

ceph_prepare() {
    need "${CEPH_PACKAGES[@]}"
    if [ -n "${CEPH_CONF:-}" ]; then
        CEPH_IS_ANOTHERS=1
        CEPH=$(dirname "$CEPH_CONF")
        CEPH_FSID=$(sed -n 's/^fsid = //p' "$CEPH_CONF")
        CEPH_MON_PORT_1=$(sed -n 's/^mon_host = .*v1:127.0.0.1:\([0-9]*\)]/\1/p' "$CEPH_CONF")
        return
    fi
    CEPH=$DIRECTORY/ceph
    mkdir -p "$CEPH"/{run,crash,keyring,mon.a,mgr.x,osd.0}
    local fsid osd
    fsid=$(cat /proc/sys/kernel/random/uuid)
    osd=$(cat /proc/sys/kernel/random/uuid)
    CEPH_FSID=$fsid
    CEPH_MON_PORT=$(free_port)
    CEPH_MON_PORT_1=$(free_port)
    # The ports of the OSD and the manager: the first free ones of a range. It is small, so that two clusters rarely meet.
    local first
    first=$(free_port)
    cat >"$CEPH/ceph.conf" <<CONF
[global]
fsid = $fsid
mon_host = [v2:127.0.0.1:$CEPH_MON_PORT,v1:127.0.0.1:$CEPH_MON_PORT_1]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
ms_bind_port_min = $first
ms_bind_port_max = $((first + 60))
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
auth_allow_insecure_global_id_reclaim = false
keyring = $CEPH/keyring/\$name.keyring
run_dir = $CEPH/run
crash_dir = $CEPH/crash
admin_socket =
log_file =
log_to_stderr = false
err_to_stderr = true
osd_pool_default_size = 1
osd_pool_default_min_size = 1
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
osd_crush_chooseleaf_type = 0
mon_allow_pool_size_one = true
mon_warn_on_pool_no_redundancy = false
mon_allow_pool_delete = true
mon_max_pg_per_osd = 2000
mon_data_avail_warn = 2
mon_data_avail_crit = 1
[mon]
mon_data = $CEPH/mon.\$id
mon_cluster_log_file = /dev/null
# Changes of the maps are proposed at once instead of once a second.
paxos_propose_interval = 0.05
paxos_min_wait = 0.01
[mgr]
mgr_data = $CEPH/mgr.\$id
mgr_initial_modules =
mgr_disabled_modules = alerts cephadm cli_api diskprediction_local influx insights iostat k8sevents localpool mds_autoscaler mirroring nfs osd_perf_query osd_support prometheus restful rook selftest snap_schedule stats telegraf test_orchestrator zabbix
mgr_tick_period = 1
mgr_stats_period = 1
[osd]
osd_data = $CEPH/osd.\$id
osd_objectstore = bluestore
bluestore_block_create = true
bluestore_block_size = $((${CEPH_SIZE_GB:-16} << 30))
bluestore_block_db_create = false
bluestore_block_wal_create = false
osd_memory_target = 939524096
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 1
# What a killed client has open is free again after 5 seconds instead of 30.
osd_client_watch_timeout = 5
# An OSD whose process has ended is known to be down at once, and one that stands still stays in the map.
osd_heartbeat_grace = 60
CONF
    ceph_make_files "$fsid" "$osd" >>"$DIRECTORY/output" 2>&1 ||
        { tail -20 "$DIRECTORY/output" >&2; die "cannot make the cluster"; }
    CEPH_OSD_UUID=$osd
}

# In a shell of its own, because the caller's condition switches `set -e` off.
ceph_make_files() { bash -euc "$(declare -f ceph_files); ceph_files"' "$@"' - "$CEPH" "$@"; }

ceph_files() { # ceph_files DIRECTORY FSID OSD-UUID
    local tool=(ceph-authtool -c "$1/ceph.conf") key
    "${tool[@]}" --create-keyring "$1/mon.keyring" --gen-key -n mon. --cap mon 'allow *'
    "${tool[@]}" --create-keyring "$1/keyring/client.admin.keyring" --gen-key -n client.admin \
        --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *' --cap mds 'allow *'
    "${tool[@]}" --create-keyring "$1/keyring/osd.0.keyring" --gen-key -n osd.0 \
        --cap mon 'allow profile osd' --cap mgr 'allow profile osd' --cap osd 'allow *'
    "${tool[@]}" --create-keyring "$1/keyring/mgr.x.keyring" --gen-key -n mgr.x \
        --cap mon 'allow profile mgr' --cap osd 'allow *' --cap mds 'allow *'
    ceph-osd -c "$1/ceph.conf" -i 0 --no-mon-config --mkfs --osd-uuid "$3" &
    local osd=$!
    # Keys that the monitor knows from the start.
    cp "$1/mon.keyring" "$1/initial"
    for key in client.admin osd.0 mgr.x; do
        "${tool[@]}" "$1/initial" --import-keyring "$1/keyring/$key.keyring"
    done
    monmaptool --create --fsid "$2" \
        --addv a "$(sed -n 's/^mon_host = //p' "$1/ceph.conf")" "$1/monmap"
    ceph-mon -c "$1/ceph.conf" -i a --mkfs --monmap "$1/monmap" --keyring "$1/initial"
    cp "$1/mon.keyring" "$1/mon.a/keyring"
    rm "$1/initial" "$1/monmap" "$1/mon.keyring"
    # By its id: the shell forgets jobs that have ended before.
    wait "$osd"
}

# Up, and the process that was started: an address in the map ends with its process id.
osd_is_up() {
    c osd dump -f json | grep -o '"osd":0,.*' | grep -q '"up":1,.*"public_addr":"[^"]*/'"$CEPH_OSD_PID"'"'
}

ceph_start() {
    [ -z "${CEPH_IS_ANOTHERS:-}" ] || return 0
    spawn ceph-mon -c "$CEPH/ceph.conf" -i a -f
    CEPH_MON_PID=$PID
    await c mon stat
    [ -n "${CEPH_MADE:-}" ] || c osd new "$CEPH_OSD_UUID" 0 >>"$DIRECTORY/output" 2>&1
    spawn ceph-mgr -c "$CEPH/ceph.conf" -i x -f
    CEPH_MGR_PID=$PID
    spawn ceph-osd -c "$CEPH/ceph.conf" -i 0 -f
    CEPH_OSD_PID=$PID
    await osd_is_up
    [ -z "${CEPH_MADE:-}" ] || return 0
    CEPH_MADE=1
    ceph_pool images
    ceph_pool volumes
    # What Ceph's documentation gives to Glance, but for all pools that a test makes.
    ceph_account glance 'profile rbd' 'profile rbd'
    ceph_account cinder 'profile rbd' 'profile rbd pool=volumes, profile rbd-read-only pool=images'
    # May connect, and do nothing else.
    ceph_account nobody 'allow r' 'allow r pool=none'
}

ceph_pool() { # ceph_pool NAME
    c osd pool create "$1" >>"$DIRECTORY/output" 2>&1
    c osd pool application enable "$1" rbd >>"$DIRECTORY/output" 2>&1
}

ceph_account() { # ceph_account NAME MON-CAPABILITIES OSD-CAPABILITIES
    c auth get-or-create "client.$1" mon "$2" osd "$3" mgr 'profile rbd' -o "$CEPH/keyring/client.$1.keyring"
}

ceph_stop() {
    for PID in ${CEPH_OSD_PID:-} ${CEPH_MGR_PID:-} ${CEPH_MON_PID:-}; do
        # One that a test has stopped hears no signal but this.
        kill -CONT "$PID" 2>/dev/null || true
        # The shell has a word for each killed job.
        finish KILL 2>/dev/null
    done
    CEPH_OSD_PID='' CEPH_MGR_PID='' CEPH_MON_PID=''
}

ceph_describe() {
    echo "CEPH_CONF=$CEPH/ceph.conf"
    echo "CEPH_FSID=$CEPH_FSID"
    echo "CEPH_KEYRINGS=$CEPH/keyring"
    echo "CEPH_MON_HOST=127.0.0.1:$CEPH_MON_PORT_1"
}
