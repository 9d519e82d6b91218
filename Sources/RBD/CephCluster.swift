import Glibc
import NIOPosix
import Synchronization
import Threads

/// A connection to a cluster. It ends when nobody holds it any more.
///
/// `@unchecked`: librados lets any thread use its handles.
public final class CephCluster: @unchecked Sendable {
    /// The cluster's id.
    public let fsid: String
    public let settings: CephSettings
    let library: CephLibrary
    private let handle: CephLibrary.Handle
    private let threads: NIOThreadPool
    private let began = ContinuousClock.now

    /// For how long there has been this connection.
    var age: Duration { ContinuousClock.now - began }

    /// Connects. Blocks, with the configuration's defaults for as long as five minutes.
    init(_ settings: CephSettings, threads: NIOThreadPool) throws(RBDError) {
        library = try CephLibrary.load()
        handle = try Self.configured(settings, library)
        self.settings = settings
        self.threads = threads
        let status = library.connect(handle)
        guard status >= 0 else {
            library.shutdown(handle)
            throw Self.connectError(status, settings)
        }
        var text = [CChar](repeating: 0, count: 64)
        let length = library.clusterID(handle, &text, text.count)
        guard length >= 0 else {
            library.shutdown(handle)
            throw .failed(code: -length, doing: "cannot ask the Ceph cluster for its id")
        }
        fsid = String(text)
    }

    deinit {
        // Takes a while, and waits for calls that are still on their way.
        let (library, handle) = (library, handle)
        let end: @Sendable () -> Void = { [handle = SendablePointer(handle)] in library.shutdown(handle.pointer) }
        do throws(ThreadError) { try DetachedThread.start("ceph-shutdown", end) } catch { end() }
    }

    /// What the configuration says about the cluster's id, without a connection; nil when it says nothing.
    ///
    /// Blocks for a moment. Also tells whether the libraries are there and the file can be read.
    public static func configuredID(_ settings: CephSettings) throws(RBDError) -> String? {
        let library = try CephLibrary.load()
        let handle = try configured(settings, library)
        defer { library.shutdown(handle) }
        let text = option("fsid", handle, library)
        return text.flatMap { $0.allSatisfy { "0-".contains($0) } ? nil : $0 }
    }

    private static func configured(
        _ settings: CephSettings, _ library: CephLibrary
    ) throws(RBDError) -> CephLibrary.Handle {
        var created: CephLibrary.Handle?
        let status = library.radosCreate(&created, settings.user)
        guard status >= 0, let handle = created else {
            throw .failed(code: -status, doing: "cannot make a handle of librados")
        }
        do throws(RBDError) {
            try configure(handle, settings, library)
        } catch {
            library.shutdown(handle)
            throw error
        }
        return handle
    }

    private static func configure(
        _ handle: CephLibrary.Handle, _ settings: CephSettings, _ library: CephLibrary
    ) throws(RBDError) {
        let status = library.readConfiguration(handle, settings.configurationFile)
        let isOptional = settings.configurationFile == nil && settings.options["mon_host"] != nil
        if status < 0, !(isOptional && status == -ENOENT) {
            let file = settings.configurationFile ?? "ceph.conf in Ceph's usual places"
            throw .badConfiguration("\(file) cannot be read: \(String(cString: strerror(-status)))")
        }
        var options = settings.options
        // A cache for each image would hold up to 32 MiB. Images are read and written once, from one end to the other.
        options["rbd_cache"] = "false"
        // Of writes without a copy, librbd 16 tells no end when the cluster shuts this client out.
        options["rbd_disable_zero_copy_writes"] = "true"
        if let timeout = settings.timeout {
            for name in ["rados_osd_op_timeout", "rados_mon_op_timeout", "client_mount_timeout"] {
                options[name] = "\(timeout)"
            }
        }
        for (name, value) in options {
            let status = library.setOption(handle, name, value)
            // Options of our own choice come and go with Ceph's releases.
            guard status >= 0 || settings.options[name] == nil else {
                throw .badConfiguration("Ceph does not take the option \(name): \(String(cString: strerror(-status)))")
            }
        }
    }

    private static func connectError(_ status: Int32, _ settings: CephSettings) -> RBDError {
        let name = settings.user.map { "client.\($0)" } ?? "the default user"
        return switch -status {
        // librados says so when it finds no keyring, and when the monitors cannot be told from the configuration.
        case ENOENT: .failed(code: EACCES, doing: "no key of \(name), or no monitor, can be found for the Ceph cluster")
        case ETIMEDOUT: .timeout
        default: .failed(code: -status, doing: "cannot connect to the Ceph cluster as \(name)")
        }
    }

    /// An option as it counts for this connection.
    public func option(_ name: String) -> String? { Self.option(name, handle, library) }

    private static func option(_ name: String, _ handle: CephLibrary.Handle, _ library: CephLibrary) -> String? {
        var text = [CChar](repeating: 0, count: 4096)
        return library.getOption(handle, name, &text, text.count) >= 0 ? String(text) : nil
    }

    /// A pool by its name.
    ///
    /// - Throws: ``RBDError/failed(code:doing:)`` with `ENOENT` when there is none.
    public func pool(_ name: String) async throws(RBDError) -> CephPool {
        try await run(isPatient: false) { [self] () throws(RBDError) in
            var opened: CephLibrary.Handle?
            let status = library.openPool(handle, name, &opened)
            guard status >= 0, let pool = opened else {
                throw .failed(code: -status, doing: "cannot open the pool \(name)")
            }
            return CephPool(name: name, cluster: self, handle: pool)
        }
    }

    /// Runs calls that block on a thread of the cluster.
    ///
    /// - Parameters:
    ///   - isPatient: waits for as long as it takes; otherwise ``RBDError/timeout`` comes after a while, and the calls go on.
    ///   - work: is let go of when it has ended.
    public func run<Value: Sendable>(
        isPatient: Bool = true, _ work: @escaping @Sendable () throws(RBDError) -> Value
    ) async throws(RBDError) -> Value {
        let answer = Answer<Result<Value, RBDError>>()
        threads.submit { _ in
            do throws(RBDError) {
                answer.give(.success(try work()))
            } catch {
                answer.give(.failure(error))
            }
        }
        guard let result = await answer.wait(for: isPatient ? nil : settings.patience) else { throw .timeout }
        return try result.get()
    }
}

extension CephCluster {
    /// Waits for work that needs the cluster, but not for as long as the cluster is away.
    public func attend(_ work: Task<Void, Never>) async {
        let answer = Answer<Void>()
        Task {
            await work.value
            answer.give(())
        }
        _ = await answer.wait(for: settings.patience)
    }
}

/// A pointer of a library whose objects any thread may use.
struct SendablePointer: @unchecked Sendable {
    let pointer: CephLibrary.Handle

    init(_ pointer: CephLibrary.Handle) { self.pointer = pointer }
}

extension String {
    /// The text of a buffer that a C function has filled, up to its first zero.
    init(_ buffer: [CChar]) {
        self.init(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
