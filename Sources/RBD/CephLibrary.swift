import Glibc
import Synchronization

/// The functions of librados and librbd that are used here. Both are loaded when somebody first wants a cluster, so that
/// nobody else needs to have them.
///
/// Types and names are those of `librados.h` and `librbd.h`, whose binary interfaces (`librados.so.2`, `librbd.so.1`) have
/// only grown since 2012; the youngest function here came with Ceph 15.
struct CephLibrary: Sendable {
    typealias Handle = OpaquePointer
    typealias Text = UnsafePointer<CChar>
    typealias Buffer = UnsafeMutablePointer<CChar>
    typealias Callback = @convention(c) (Handle?, UnsafeMutableRawPointer?) -> Void

    let radosCreate: @convention(c) (UnsafeMutablePointer<Handle?>, Text?) -> Int32
    let radosCreate2: @convention(c) (UnsafeMutablePointer<Handle?>, Text?, Text?, UInt64) -> Int32
    let readConfiguration: @convention(c) (Handle, Text?) -> Int32
    let setOption: @convention(c) (Handle, Text, Text) -> Int32
    let getOption: @convention(c) (Handle, Text, Buffer, Int) -> Int32
    let connect: @convention(c) (Handle) -> Int32
    let shutdown: @convention(c) (Handle) -> Void
    let clusterID: @convention(c) (Handle, Buffer, Int) -> Int32
    let openPool: @convention(c) (Handle, Text, UnsafeMutablePointer<Handle?>) -> Int32
    let closePool: @convention(c) (Handle) -> Void
    let setFullTry: @convention(c) (Handle) -> Void
    let readObject: @convention(c) (Handle, Text, Buffer, Int, UInt64) -> Int32
    let statObject: @convention(c) (Handle, Text, UnsafeMutablePointer<UInt64>?, UnsafeMutablePointer<time_t>?) -> Int32
    let execute: @convention(c) (Handle, Text, Text, Text, Text?, Int, Buffer?, Int) -> Int32
    let createWriteOperation: @convention(c) () -> Handle?
    let releaseWriteOperation: @convention(c) (Handle) -> Void
    let addComparison: @convention(c) (Handle, Text, Int, UInt64, UnsafeMutablePointer<Int32>?) -> Void
    let addWriteFull: @convention(c) (Handle, Text, Int) -> Void
    let addRemoval: @convention(c) (Handle) -> Void
    let operate: @convention(c) (Handle, Handle, Text, UnsafeMutablePointer<time_t>?, Int32) -> Int32

    let createOptions: @convention(c) (UnsafeMutablePointer<Handle?>) -> Void
    let destroyOptions: @convention(c) (Handle) -> Void
    let setImageOption: @convention(c) (Handle, Int32, UInt64) -> Int32
    let createImage: @convention(c) (Handle, Text, UInt64, Handle) -> Int32
    let removeImage: @convention(c) (Handle, Text) -> Int32
    let renameImage: @convention(c) (Handle, Text, Text) -> Int32
    let trashImage: @convention(c) (Handle, Text, UInt64) -> Int32
    let listImages: @convention(c) (Handle, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>) -> Int32
    let freeImageList: @convention(c) (UnsafeMutableRawPointer, Int) -> Void
    let open: @convention(c) (Handle, Text, UnsafeMutablePointer<Handle?>, Text?, Handle) -> Int32
    let openReadOnly: @convention(c) (Handle, Text, UnsafeMutablePointer<Handle?>, Text?, Handle) -> Int32
    let close: @convention(c) (Handle, Handle) -> Int32
    let getSize: @convention(c) (Handle, UnsafeMutablePointer<UInt64>) -> Int32
    let getID: @convention(c) (Handle, Buffer, Int) -> Int32
    let getModificationTime: @convention(c) (Handle, UnsafeMutablePointer<timespec>) -> Int32
    let resize: @convention(c) (Handle, UInt64) -> Int32
    let createSnapshot: @convention(c) (Handle, Text) -> Int32
    let removeSnapshot: @convention(c) (Handle, Text) -> Int32
    let protectSnapshot: @convention(c) (Handle, Text) -> Int32
    let unprotectSnapshot: @convention(c) (Handle, Text) -> Int32
    let listWatchers: @convention(c) (Handle, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>) -> Int32
    let freeWatchers: @convention(c) (UnsafeMutableRawPointer, Int) -> Void
    let createCompletion: @convention(c) (UnsafeMutableRawPointer?, Callback?, UnsafeMutablePointer<Handle?>) -> Int32
    let completionValue: @convention(c) (Handle) -> Int
    let releaseCompletion: @convention(c) (Handle) -> Void
    let read: @convention(c) (Handle, UInt64, Int, Buffer, Handle) -> Int32
    let write: @convention(c) (Handle, UInt64, Int, Text, Handle) -> Int32
    let flush: @convention(c) (Handle, Handle) -> Int32

    /// `rbd_image_spec_t`. Pointers to it are untyped above, because types of Swift cannot be in a signature of C.
    struct ImageName {
        var id: Buffer?
        var name: Buffer?
    }

    /// `rbd_image_watcher_t`.
    struct Watcher {
        var address: Buffer?
        var id: Int64 = 0
        var cookie: UInt64 = 0
    }

    /// Loaded at the first use. A library that was missing is looked for again.
    static func load() throws(RBDError) -> CephLibrary {
        if let library = loaded.withLock({ $0 }) { return library }
        let library = try CephLibrary()
        let isFirst = loaded.withLock { loaded in
            defer { loaded = library }
            return loaded == nil
        }
        if isFirst { ExitGuard.arm() }
        return library
    }

    private static let loaded = Mutex<CephLibrary?>(nil)

    private init() throws(RBDError) {
        let rados = try SharedLibrary("librados.so.2", package: "librados2")
        let rbd = try SharedLibrary("librbd.so.1", package: "librbd1")

        radosCreate = try rados.function("rados_create")
        radosCreate2 = try rados.function("rados_create2")
        readConfiguration = try rados.function("rados_conf_read_file")
        setOption = try rados.function("rados_conf_set")
        getOption = try rados.function("rados_conf_get")
        connect = try rados.function("rados_connect")
        shutdown = try rados.function("rados_shutdown")
        clusterID = try rados.function("rados_cluster_fsid")
        openPool = try rados.function("rados_ioctx_create")
        closePool = try rados.function("rados_ioctx_destroy")
        setFullTry = try rados.function("rados_set_pool_full_try")
        readObject = try rados.function("rados_read")
        statObject = try rados.function("rados_stat")
        execute = try rados.function("rados_exec")
        createWriteOperation = try rados.function("rados_create_write_op")
        releaseWriteOperation = try rados.function("rados_release_write_op")
        addComparison = try rados.function("rados_write_op_cmpext")
        addWriteFull = try rados.function("rados_write_op_write_full")
        addRemoval = try rados.function("rados_write_op_remove")
        operate = try rados.function("rados_write_op_operate")

        createOptions = try rbd.function("rbd_image_options_create")
        destroyOptions = try rbd.function("rbd_image_options_destroy")
        setImageOption = try rbd.function("rbd_image_options_set_uint64")
        createImage = try rbd.function("rbd_create4")
        removeImage = try rbd.function("rbd_remove")
        renameImage = try rbd.function("rbd_rename")
        trashImage = try rbd.function("rbd_trash_move")
        listImages = try rbd.function("rbd_list2")
        freeImageList = try rbd.function("rbd_image_spec_list_cleanup")
        open = try rbd.function("rbd_aio_open")
        openReadOnly = try rbd.function("rbd_aio_open_read_only")
        close = try rbd.function("rbd_aio_close")
        getSize = try rbd.function("rbd_get_size")
        getID = try rbd.function("rbd_get_id")
        getModificationTime = try rbd.function("rbd_get_modify_timestamp")
        resize = try rbd.function("rbd_resize")
        createSnapshot = try rbd.function("rbd_snap_create")
        removeSnapshot = try rbd.function("rbd_snap_remove")
        protectSnapshot = try rbd.function("rbd_snap_protect")
        unprotectSnapshot = try rbd.function("rbd_snap_unprotect")
        listWatchers = try rbd.function("rbd_watchers_list")
        freeWatchers = try rbd.function("rbd_watchers_list_cleanup")
        createCompletion = try rbd.function("rbd_aio_create_completion")
        completionValue = try rbd.function("rbd_aio_get_return_value")
        releaseCompletion = try rbd.function("rbd_aio_release")
        read = try rbd.function("rbd_aio_read")
        write = try rbd.function("rbd_aio_write")
        flush = try rbd.function("rbd_aio_flush")
    }
}
