import Foundation
import TestSupport

/// The servers that all workloads share.
struct Lab: Sendable {
    let database: SupportServer
    let keystone: Keystone
    let memcached: String

    /// Workers of ours, processes of Glance 33, workers of nginx.
    static let processes = 2
    /// What Glance 33 is started with.
    static let glance33 = ["GLANCE33_PROCESSES": "\(processes)"]

    /// A deployment as an installation guide makes it: PostgreSQL, Keystone, memcached, images in a directory.
    ///
    /// - Parameters:
    ///   - images: where they are; a directory of their own when nil.
    ///   - settings: lines for `[DEFAULT]`.
    func site(
        in directory: String, database name: String, images: String? = nil, settings: [String: String] = [:]
    ) throws -> Site {
        let url = try database.setting("POSTGRESQL_URL").replacing("postgresql:", with: "postgresql+psycopg2:")
        return try Site(
            directory: directory, database: "\(url)/\(name)", images: images, workers: Self.processes,
            keystone: keystone.options(memcached: memcached), settings: settings)
    }

    func createDatabase(_ name: String) async throws {
        // A part that has failed may have left it.
        try await dropDatabase(name)
        _ = try await sql("CREATE DATABASE \(name)")
    }

    func dropDatabase(_ name: String) async throws {
        _ = try await sql("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// Runs statements with psql; the rows as text.
    func sql(_ statements: String, in name: String = "postgres") async throws -> String {
        try await command(
            "psql", ["-qAt", "-v", "ON_ERROR_STOP=1", "-d", name, "-c", statements], environment: database.settings)
    }

    /// A new deployment with a database of its own, tables made.
    ///
    /// - Parameter inMemory: whether its files are on tmpfs.
    func withSite<Result: Sendable>(
        _ name: String, inMemory: Bool = false, _ body: (Site) async throws -> Result
    ) async throws -> Result {
        try await createDatabase(name)
        func serve(_ directory: String) async throws -> Result {
            let site = try site(in: directory, database: name)
            try await site.synchronizeDatabase(.ours)
            return try await body(site)
        }
        let result = inMemory ? try await withMemory(serve) : try await withTemporaryDirectory(serve)
        try await dropDatabase(name)
        return result
    }
}

/// Runs `body` with a directory on tmpfs, which is removed afterwards.
func withMemory<Result: Sendable>(_ body: (String) async throws -> Result) async throws -> Result {
    let path = "/dev/shm/glance-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}
