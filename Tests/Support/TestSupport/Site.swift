import Foundation

/// One deployment in a directory: configuration, images and database, which one release after the other may run.
public struct Site: Sendable {
    public let directory: String
    /// 127.0.0.1, this port.
    public let port: Int
    /// `[database] connection`
    public let database: String

    /// Where image data lies.
    public let images: String
    public var configurationFile: String { directory + "/glance-api.conf" }
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Writes `glance-api.conf` and what belongs to it.
    ///
    /// - Parameters:
    ///   - database: `[database] connection`; SQLite in the directory when nil.
    ///   - images: Where image data lies; a directory of its own when nil.
    ///   - keystone: Lines of `[keystone_authtoken]`. When nil, nobody is asked for a token and everybody is an
    ///     administrator.
    public init(
        directory: String, database: String? = nil, images: String? = nil, workers: Int = 2,
        keystone: [String: String]? = nil,
        settings: [String: String] = [:]
    ) throws {
        self.directory = directory
        self.images = images ?? directory + "/images"
        self.database = database ?? "sqlite:///\(directory)/glance.sqlite"
        port = try Self.freePort()
        for name in ["images", "staging", "tasks"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        let more = settings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: "\n")
        var text = """
            [DEFAULT]
            bind_host = 127.0.0.1
            bind_port = \(port)
            workers = \(workers)
            enabled_backends = local:file
            \(more)

            [database]
            connection = \(self.database)

            [glance_store]
            default_backend = local

            [local]
            filesystem_store_datadir = \(self.images)

            [os_glance_staging_store]
            filesystem_store_datadir = \(directory)/staging

            [os_glance_tasks_store]
            filesystem_store_datadir = \(directory)/tasks

            """
        if let keystone {
            let lines = keystone.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }
            text += """

                [paste_deploy]
                flavor = keystone

                [keystone_authtoken]
                \(lines.joined(separator: "\n"))

                """
        } else {
            let policy = directory + "/policy.yaml"
            try #""context_is_admin": "@""#.write(toFile: policy, atomically: true, encoding: .utf8)
            text += """

                [oslo_policy]
                policy_file = \(policy)

                """
        }
        try text.write(toFile: configurationFile, atomically: true, encoding: .utf8)
    }

    /// Adds lines to `glance-api.conf`; a section that is there already goes on.
    public func append(_ lines: String) throws {
        let text = try String(contentsOfFile: configurationFile, encoding: .utf8)
        try (text + lines).write(toFile: configurationFile, atomically: true, encoding: .utf8)
    }

    /// `glance-manage db_sync`
    public func synchronizeDatabase(_ release: Release) async throws {
        try await command(release.manage, ["--config-file", configurationFile, "db_sync"])
    }

    /// A port below the kernel's ephemeral range that nobody listens on.
    public static func freePort() throws -> Int {
        let first = Int(ProcessInfo.processInfo.environment["GLANCE_TEST_FIRST_PORT"] ?? "") ?? 20000
        for _ in 0..<100 {
            let port = first + Int.random(in: 0..<6000)
            if !Listening.isOpen(port: port) { return port }
        }
        throw TestFailure("no free port")
    }
}
