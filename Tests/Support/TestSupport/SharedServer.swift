import Synchronization

/// Servers of `Tests/Support` that take seconds to start: one for all tests of the process, which ends with it. Each test has
/// something of its own on it, such as a bucket.
public actor SharedServer {
    private static let all = Mutex<[String: SharedServer]>([:])

    private let name: String
    private var starting: Task<SupportServer, any Error>?

    private init(_ name: String) { self.name = name }

    /// The server that a starter starts.
    public static func named(_ name: String) async throws -> SupportServer {
        let server = all.withLock { all in
            let server = all[name] ?? SharedServer(name)
            all[name] = server
            return server
        }
        return try await server.started()
    }

    private func started() async throws -> SupportServer {
        if let starting { return try await starting.value }
        let (servers, continuation) = AsyncThrowingStream.makeStream(of: SupportServer.self)
        Task.detached { [name] in
            do {
                try await withServer(name) { server in
                    continuation.yield(server)
                    // The end of the process closes the starter's input.
                    while true { try await Task.sleep(for: .seconds(3600)) }
                }
            } catch {
                continuation.finish(throwing: error)
            }
        }
        let starting = Task {
            for try await server in servers { return server }
            throw TestFailure("\(name) has ended")
        }
        self.starting = starting
        return try await starting.value
    }
}
