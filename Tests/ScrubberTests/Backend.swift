import Foundation
import Logging
import TestSupport
import Testing

@testable import ImageDatabase

/// The databases that the scrubber is tested on.
enum Backend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case postgreSQL, sqlite

    var testDescription: String { rawValue }

    /// Runs a test with the URL of an empty database that is removed afterwards.
    func withURL(in directory: String, _ body: (String) async throws -> Void) async throws {
        if self == .sqlite { return try await body("sqlite:///\(directory)/glance.sqlite") }
        let server = try await PostgresServer.url.value
        let name = "test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        let administration = try ImageDatabase(url: server + "/postgres", logger: .silent)
        try await administration.session.write([Statement("CREATE DATABASE \(name)")])
        let result: Result<Void, any Error>
        do { result = .success(try await body(server + "/" + name)) } catch { result = .failure(error) }
        try await administration.session.write([Statement("DROP DATABASE \(name) WITH (FORCE)")])
        await administration.close()
        try result.get()
    }
}

/// The PostgreSQL server that all tests share. Its starter ends it when this process ends.
private enum PostgresServer {
    /// `postgresql://user:password@host:port`, without a database.
    static let url = Task {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<String, any Error>) in
            Task {
                do {
                    try await withServer("postgresql") { server in
                        continuation.resume(returning: try server.setting("POSTGRESQL_URL"))
                        try await Task.sleep(for: .seconds(86_400))
                    }
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}

extension Logger {
    static var silent: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
