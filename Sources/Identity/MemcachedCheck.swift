public import Logging
import NIOPosix
public import OsloConfig

/// Asks each memcached of `[keystone_authtoken] memcached_servers` whether it is there, before anything depends on it.
public struct MemcachedCheck: Sendable {
    private let settings: MemcachedSettings

    /// nil when no server is to be used.
    ///
    /// - Throws: ``IdentityError/badConfiguration(_:)``.
    public init?(configuration: Configuration, logger: Logger) throws(IdentityError) {
        guard let settings = try MemcachedSettings(configuration, logger: logger) else { return nil }
        self.settings = settings
    }

    /// Servers as `host:port` or path of a socket, each with what is wrong with it, or nil for one that answers.
    public func run() async -> [(server: String, fault: String?)] {
        let threads = NIOThreadPool(numberOfThreads: min(settings.servers.count, 8))
        threads.start()
        let results = await withTaskGroup(of: (Int, String?).self) { group in
            for (index, server) in settings.servers.enumerated() {
                group.addTask {
                    (index, try? await threads.runIfActive { Self.fault(of: server, settings) })
                }
            }
            return await group.reduce(into: [Int: String?]()) { $0[$1.0] = $1.1 }
        }
        try? await threads.shutdownGracefully()
        return settings.servers.enumerated().map { index, server in
            let name = server.port == 0 ? server.host : "\(server.host):\(server.port)"
            return (name, results[index] ?? nil)
        }
    }

    /// Asks for an entry that nobody writes.
    private static func fault(of server: MemcachedSettings.Server, _ settings: MemcachedSettings) -> String? {
        do throws(MemcachedConnection.Failure) {
            _ = try MemcachedConnection(server, settings: settings).value(for: "openstack-glance-check")
            return nil
        } catch {
            return error.reason
        }
    }
}
