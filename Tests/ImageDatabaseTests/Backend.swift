import Foundation
import Logging
import Testing
import TextCoding

@testable import ImageDatabase

/// The databases that every query is tested on.
enum Backend: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case postgreSQL, sqlite
    /// PostgreSQL through a libpq without pipeline mode.
    case postgreSQLWithoutPipelining

    var testDescription: String { rawValue }

    /// Runs a test on an empty, migrated database of its own.
    func withDatabase(
        options: DatabaseOptions = DatabaseOptions(), _ body: (ImageDatabase) async throws -> Void
    ) async throws {
        try await withURL { url in
            let database = try open(url, options)
            try await withClosing(database) {
                _ = try await SchemaMigrator(database).upgrade(to: "heads")
                try await body(database)
            }
        }
    }

    /// Runs a test with the URL of an empty database that is removed afterwards.
    func withURL(_ body: (String) async throws -> Void) async throws {
        let name = "test_" + UUID().uuidString.lowercased().replacingOccurrences(of: "-", with: "")
        if self == .sqlite {
            let path = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
            defer { for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) } }
            return try await body("sqlite:///" + path)
        }
        let server = try await PostgresServer.shared()
        let administration = try open(server.url + "/postgres", DatabaseOptions())
        try await withClosing(administration) {
            try await administration.session.write([Statement("CREATE DATABASE \(name)")])
            let result: Result<Void, any Error>
            do { result = .success(try await body(server.url + "/" + name)) } catch { result = .failure(error) }
            try await administration.session.write([Statement("DROP DATABASE \(name) WITH (FORCE)")])
            try result.get()
        }
    }

    func open(_ url: String, _ options: DatabaseOptions = DatabaseOptions()) throws -> ImageDatabase {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        guard self == .postgreSQLWithoutPipelining, case .postgreSQL(let parameters) = try DatabaseURL(url) else {
            return try ImageDatabase(url: url, options: options, logger: logger)
        }
        return ImageDatabase(
            driver: try PostgresDriver(parameters, options: options, pipelining: false, logger: logger),
            policy: RetryPolicy(options), locationCipher: options.locationCipher, logger: logger)
    }
}

/// Closes the database after `body`, whatever happens in it.
func withClosing(_ database: ImageDatabase, _ body: () async throws -> Void) async throws {
    let result: Result<Void, any Error>
    do { result = .success(try await body()) } catch { result = .failure(error) }
    await database.close()
    try result.get()
}

/// A time that both databases store exactly.
func time(_ seconds: Int64) -> Timestamp { Timestamp(microseconds: (1_767_225_600 + seconds) * 1_000_000 + 123_456) }

func newID() -> String { UUID().uuidString.lowercased() }
