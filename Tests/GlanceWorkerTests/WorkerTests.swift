import Foundation
import GlanceWorker
import Glibc
import HTTPServer
import ImageDatabase
import Logging
import OsloConfig
import Scoreboard
import TestSupport
import Testing

@Suite struct WorkerTests {
    /// A worker on a database and a store of its own.
    ///
    /// - Parameter images: the store's directory; below that of the test unless it is another.
    private func withWorker(
        images: String? = nil, options: String = "", _ body: (Worker) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let url = "sqlite:///\(directory)/glance.sqlite"
            let database = try ImageDatabase(url: url, logger: logger)
            _ = try await SchemaMigrator(database).upgrade(to: "heads")
            await database.close()
            let configuration = try Configuration(
                text: """
                    [DEFAULT]
                    enabled_backends = local:file
                    [glance_store]
                    default_backend = local
                    [local]
                    filesystem_store_datadir = \(images ?? "\(directory)/images")
                    [database]
                    connection = \(url)
                    \(options)

                    """)
            try await body(Worker(configuration: configuration, logger: logger))
        }
    }

    /// What may heal by itself is another failure than what can't.
    @Test(arguments: [("/proc/images", 8 as Int32), ("/etc/passwd", 3)])
    func aStoreThatCannotBeUsedEndsTheStart(images: String, status: Int32) async throws {
        let failure = await #expect(throws: StartFailure.self) { try await withWorker(images: images) { _ in } }
        #expect(failure?.exitStatus.rawValue == status)
    }

    @Test func anImportPluginThatDoesNotExistEndsTheStart() async throws {
        let options = "[image_import_opts]\nimage_import_plugins = [image_conversion, nonsense]"
        let failure = await #expect(throws: StartFailure.self) { try await withWorker(options: options) { _ in } }
        #expect(failure?.exitStatus == .configFileValueError)
        #expect(failure?.description.contains("'nonsense'") == true)
    }

    /// A paste file that is no good any more does not matter to who starts with the snapshot.
    @Test func theSnapshotHasThePasteFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = "\(directory)/own-paste.ini"
            func write(_ text: String) throws { try text.write(toFile: path, atomically: false, encoding: .utf8) }
            try write("one")
            let text = "[paste_deploy]\nconfig_file = \(path)\n"
            try text.write(toFile: "\(directory)/glance-api.conf", atomically: false, encoding: .utf8)
            var sources = ConfigurationSources(program: "glance-api")
            sources.arguments = [.file("\(directory)/glance-api.conf")]
            let snapshot = try Worker.snapshot(Configuration.load(sources))
            try write("two")
            sources.snapshot = try ConfigurationSnapshot(bytes: snapshot.bytes)
            let kept = try Worker.snapshot(Configuration.load(sources)).attachments["paste"]
            #expect(kept == .init(path: path, bytes: Array("one".utf8)))
        }
    }

    /// Waits for ever, whether cancelled or not.
    private static func never() async -> DrainLimits {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        return DrainLimits(timeout: .zero)
    }

    @Test(.timeLimit(.minutes(1))) func aListenerThatFailsEndsTheWorker() async throws {
        try await withWorker { worker in
            // No socket at all.
            let file = open("/dev/null", O_RDWR | O_CLOEXEC)
            await #expect(throws: (any Error).self) {
                try await worker.serve(socket: file, started: {}, beat: { _ in }, until: Self.never)
            }
        }
    }

    @Test(.timeLimit(.minutes(1))) func servesUntilItIsToldToEnd() async throws {
        try await withWorker { worker in
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var size = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isListening = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(socket, $0, size) == 0 && listen(socket, 8) == 0 && getsockname(socket, $0, &size) == 0
                }
            }
            try #require(isListening)
            let port = Int(UInt16(bigEndian: address.sin_port))
            let (stopping, stop) = AsyncStream.makeStream(of: Void.self)
            async let served: Void = worker.serve(
                socket: socket, started: {}, beat: { _ in },
                until: {
                    for await _ in stopping {}
                    return DrainLimits(timeout: .seconds(20))
                })
            let answer = try await ImageClient(url: "http://127.0.0.1:\(port)").request("GET", "/v2/images")
            #expect(answer.status == 200)
            stop.finish()
            try await served
            let late = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            defer { close(late) }
            let result = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(late, $0, size) }
            }
            #expect(result != 0 && errno == ECONNREFUSED)
        }
    }
}
