import Cryptography
import Glibc
import ImageStore
import Logging
import NFSMount
import Synchronization
import TextCoding

/// The NFS exports whose volumes one store has open. An export is mounted as long as one of its volumes is.
final class NFSExports: Sendable {
    /// One export. Its threads are its own: a server that hangs takes nobody else's.
    private final class Export: Sendable {
        struct State {
            weak var directory: ExportDirectory?
            var mounting: Task<Result<ExportDirectory, StoreError>, Never>?
        }

        let threads: BlockingPool
        let state = Mutex(State())

        init(threads: BlockingPool) { self.threads = threads }
    }

    private let mountPoints: String
    private let helper: MountClient
    private let limit: BlockingPool.Limit
    private let exports = Mutex<[String: Export]>([:])

    private static let threadsPerExport = 8

    init(_ settings: CinderSettings, logger: Logger) {
        mountPoints = settings.mountPoints
        helper = settings.mountHelper
        limit = BlockingPool.Limit(
            timeout: settings.stateTimeout, threads: Self.threadsPerExport, warningThreshold: 100, logger: logger)
    }

    /// The root of an export, and the threads for whatever is done with files in it.
    func open(_ name: String, options: String) async throws(StoreError) -> (ExportDirectory, BlockingPool) {
        let export = exports.withLock { exports in
            if let export = exports[name] { return export }
            let export = Export(threads: BlockingPool(limit: limit))
            exports[name] = export
            return export
        }
        return (try await directory(of: export, name, options), export.threads)
    }

    private func directory(
        of export: Export, _ name: String, _ options: String
    ) async throws(StoreError) -> ExportDirectory {
        let mounting = export.state.withLock { state -> Task<Result<ExportDirectory, StoreError>, Never> in
            if let directory = state.directory { return Task { .success(directory) } }
            if let mounting = state.mounting { return mounting }
            let mounting = Task { () async -> Result<ExportDirectory, StoreError> in
                let result = await self.mount(name, options, export.threads)
                export.state.withLock { state in
                    state.directory = try? result.get()
                    state.mounting = nil
                }
                return result
            }
            state.mounting = mounting
            return mounting
        }
        return try await mounting.value.get()
    }

    private func mount(
        _ export: String, _ options: String, _ threads: BlockingPool
    ) async -> Result<ExportDirectory, StoreError> {
        do throws(StoreError) {
            return .success(
                try await threads.run { [self] () throws(StoreError) in
                    let root = mounted(export)
                    let descriptor: Int32 = if let root { root } else { try ask(export, options) }
                    return ExportDirectory(descriptor) { [weak threads] close in
                        if let threads { threads.runLater(close) } else { close() }
                    }
                })
        } catch {
            return .failure(error)
        }
    }

    /// Where the operator, or Python's Glance, would have mounted an export.
    static func mountPoint(of export: String, below directory: String) -> String {
        "\(directory)/\(Hexadecimal.text(Digest.sha256(export)))"
    }

    /// The root of an export that is mounted already, by the operator; nil when it is not. Blocks.
    private func mounted(_ export: String) -> Int32? {
        let place = Self.mountPoint(of: export, below: mountPoints)
        let base = Glibc.open(mountPoints, O_DIRECTORY | O_CLOEXEC | ExportDirectory.pathOnly)
        guard base >= 0 else { return nil }
        defer { close(base) }
        // With the dot, so that an automount happens.
        let root = Glibc.open("\(place)/.", O_DIRECTORY | O_CLOEXEC | ExportDirectory.pathOnly)
        guard root >= 0 else { return nil }
        guard let outer = Self.mountID(base), let inner = Self.mountID(root), outer != inner else {
            close(root)
            return nil
        }
        return root
    }

    /// Which mount a descriptor belongs to (proc_pid_fdinfo(5)).
    private static func mountID(_ descriptor: Int32) -> String? {
        let file = Glibc.open("/proc/self/fdinfo/\(descriptor)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = read(file, &bytes, bytes.count)
        guard count > 0 else { return nil }
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("mnt_id:") }
            .map(String.init)
    }

    private func ask(_ export: String, _ options: String) throws(StoreError) -> Int32 {
        do throws(MountError) {
            return try helper.mount(export, options: options)
        } catch {
            throw .backend("the NFS export \(export) cannot be mounted: \(error)")
        }
    }

    /// Whether the helper could mount something. Blocks.
    static func check(_ settings: CinderSettings) throws(StoreError) {
        // Without a list nobody wants NFS, as far as one can tell.
        guard access(settings.exportList, R_OK) == 0 else { return }
        if let list = try? ExportList(path: settings.exportList), list.isEmpty { return }
        do throws(MountError) {
            try settings.mountHelper.check()
        } catch {
            throw .backend("\(settings.exportList) lists NFS exports, but \(error)")
        }
    }

    func shutdown() async {
        let all = exports.withLock { exports in
            defer { exports = [:] }
            return Array(exports.values)
        }
        for export in all { await export.threads.shutdown() }
    }
}
