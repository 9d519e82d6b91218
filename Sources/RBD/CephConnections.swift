import NIOPosix
import Synchronization
import Threads

/// The connections of this process: one for each set of settings, made when somebody wants it.
public final class CephConnections: Sendable {
    /// Those of this process.
    public static let shared = CephConnections()

    /// Threads of one cluster for calls that block. A cluster that hangs takes nobody else's.
    private static let threadsPerCluster = 8

    private enum Connection {
        case none
        case connecting([Answer<Result<CephCluster, RBDError>>])
        case made(CephCluster)
    }

    private struct Entry {
        var connection = Connection.none
        let threads: NIOThreadPool
    }

    private let entries = Mutex<[CephSettings: Entry]>([:])

    /// The connection with these settings.
    ///
    /// - Throws: ``RBDError/timeout`` when the cluster does not answer. The attempt goes on for as long as its settings say.
    public func cluster(_ settings: CephSettings) async throws(RBDError) -> CephCluster {
        let answer = Answer<Result<CephCluster, RBDError>>()
        let (made, threads): (CephCluster?, NIOThreadPool?) = entries.withLock { entries in
            var entry =
                entries[settings]
                ?? Entry(
                    threads: NIOThreadPool._makePerpetualStartedPool(
                        numberOfThreads: Self.threadsPerCluster, threadNamePrefix: "ceph-"))
            defer { entries[settings] = entry }
            switch entry.connection {
            case .made(let cluster):
                return (cluster, nil)
            case .connecting(let answers):
                entry.connection = .connecting(answers + [answer])
                return (nil, nil)
            case .none:
                entry.connection = .connecting([answer])
                return (nil, entry.threads)
            }
        }
        if let made { return made }
        if let threads { connect(settings, threads) }
        guard let result = await answer.wait(for: settings.patience) else { throw .timeout }
        return try result.get()
    }

    private func connect(_ settings: CephSettings, _ threads: NIOThreadPool) {
        let attempt: @Sendable () -> Void = { [self] in
            do throws(RBDError) {
                finish(settings, .success(try CephCluster(settings, threads: threads)))
            } catch {
                finish(settings, .failure(error))
            }
        }
        do throws(ThreadError) {
            try DetachedThread.start("ceph-connect", attempt)
        } catch {
            finish(settings, .failure(.failed(code: error.code, doing: "cannot start a thread")))
        }
    }

    private func finish(_ settings: CephSettings, _ result: Result<CephCluster, RBDError>) {
        let answers: [Answer<Result<CephCluster, RBDError>>] = entries.withLock { entries in
            guard case .connecting(let answers) = entries[settings]?.connection else { return [] }
            if case .success(let cluster) = result {
                entries[settings]?.connection = .made(cluster)
            } else {
                entries[settings]?.connection = .none
            }
            return answers
        }
        for answer in answers { answer.give(result) }
    }

    /// Lets go of a connection on which nothing works any more; who comes next makes another one. Those who still use it keep
    /// it.
    ///
    /// So also of one that may not do something, unless it is new: what a key permits counts for connections that are made
    /// later.
    ///
    /// - Returns: whether the error is one of those.
    @discardableResult
    public func drop(_ cluster: CephCluster, after error: RBDError) -> Bool {
        guard error.isOfConnection || error.isOfPermission && cluster.age > Self.permissionsAge else { return false }
        entries.withLock { entries in
            guard case .made(let made) = entries[cluster.settings]?.connection, made === cluster else { return }
            entries[cluster.settings]?.connection = .none
        }
        return true
    }

    private static let permissionsAge = Duration.seconds(5)
}
