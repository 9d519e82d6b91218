import Foundation

/// A private PostgreSQL server of this test run, started by `Tests/Support/postgresql`; it ends with the process.
actor PostgresServer {
    /// The server that all tests share; nobody stops it.
    static func shared() async throws -> PostgresServer { try await sharedServer.value }

    private static let sharedServer = Task { try await PostgresServer() }

    private let input: FileHandle
    private var lines: AsyncStream<String>.Iterator
    /// `postgresql://user:password@host:port`, without a database.
    nonisolated let url: String
    private let process: Process

    init() async throws {
        let process = Process()
        let (input, output) = (Pipe(), Pipe())
        process.executableURL = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Support/postgresql")
        process.standardInput = input
        process.standardOutput = output
        try process.run()
        self.process = process
        self.input = input.fileHandleForWriting
        var lines = Self.lines(of: output.fileHandleForReading).makeAsyncIterator()
        var url: String?
        while let line = await lines.next(), line != "ready" {
            if line.hasPrefix("POSTGRESQL_URL=") { url = String(line.dropFirst("POSTGRESQL_URL=".count)) }
        }
        guard let url else { throw Failure.didNotStart }
        self.url = url
        self.lines = lines
    }

    /// What a process writes, read on a thread of its own because reading blocks.
    private static func lines(of output: FileHandle) -> AsyncStream<String> {
        AsyncStream { continuation in
            Thread.detachNewThread {
                var rest = Data()
                while true {
                    let data = output.availableData
                    if data.isEmpty { break }
                    rest.append(data)
                    while let end = rest.firstIndex(of: 10) {
                        continuation.yield(String(decoding: rest[rest.startIndex..<end], as: UTF8.self))
                        rest = Data(rest[rest.index(after: end)...])
                    }
                }
                continuation.finish()
            }
        }
    }

    enum Failure: Error { case didNotStart }

    /// Stops the server: open connections are cut.
    func stop() async throws { try await say("stop") }

    /// Starts it again on the same data and port.
    func start() async throws { try await say("start") }

    /// Ends the server for good.
    func end() throws { try input.close() }

    private func say(_ command: String) async throws {
        try input.write(contentsOf: Data("\(command)\n".utf8))
        var iterator = lines
        while let line = await iterator.next(isolation: self), line != "ready" {}
        lines = iterator
    }
}
