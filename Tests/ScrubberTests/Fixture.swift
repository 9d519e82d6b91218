import Foundation
import Logging
import OsloConfig
import Processes
import StoreDrivers
import TestSupport
import Testing
import TextCoding

@testable import ImageDatabase
@testable import ImageModel
@testable import ImageStore
@testable import Scrubber

/// A migrated database, a file store and a staging directory, all of its own.
struct Fixture: Sendable {
    let directory: String
    let url: String
    let configurationFile: String
    let configuration: Configuration
    let database: ImageDatabase
    let stores: StoreRegistry
    let log = RecordedLog()

    var images: String { directory + "/images" }
    var staging: String { directory + "/staging" }

    /// - Parameter options: lines of `[DEFAULT]`.
    static func with(
        _ backend: Backend, _ options: String = "", _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await backend.withURL(in: directory) { url in
                try await with(url: url, directory, options, body)
            }
        }
    }

    /// The same on an empty database of the caller's.
    static func with(
        url: String, _ options: String = "", _ body: (Fixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in try await with(url: url, directory, options, body) }
    }

    private static func with(
        url: String, _ directory: String, _ options: String, _ body: (Fixture) async throws -> Void
    ) async throws {
        let fixture = try await Fixture(directory, url, options)
        let result: Result<Void, any Error>
        do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
        await fixture.database.close()
        try result.get()
    }

    private init(_ directory: String, _ url: String, _ options: String) async throws {
        self.directory = directory
        self.url = url
        for name in ["images", "staging"] {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        let text = """
            [DEFAULT]
            enabled_backends = local:file
            \(options)
            [database]
            connection = \(url)
            max_retries = 0
            pool_timeout = 5
            [glance_store]
            default_backend = local
            [local]
            filesystem_store_datadir = \(directory)/images
            [os_glance_staging_store]
            filesystem_store_datadir = \(directory)/staging
            """
        configurationFile = directory + "/glance-scrubber.conf"
        try text.write(toFile: configurationFile, atomically: true, encoding: .utf8)
        configuration = try Configuration(text: text)
        database = try ImageDatabase(url: url, logger: .silent)
        _ = try await SchemaMigrator(database).upgrade(to: "heads")
        stores = try StoreRegistry(configuration: configuration, drivers: StoreDriver.all, logger: .silent)
        try await stores.prepare()
    }

    /// The scrubber of a node.
    func scrubber(
        on database: ImageDatabase? = nil, stores: StoreRegistry? = nil, process: ProcessIdentity = .current()
    ) -> ImageScrubber {
        ImageScrubber(
            database: database ?? self.database, stores: stores ?? self.stores, configuration: configuration,
            process: process, logger: log.logger)
    }

    // MARK: Images

    func file(_ id: String) -> String { "\(images)/\(id)" }

    func hasFile(_ id: String) -> Bool { FileManager.default.fileExists(atPath: file(id)) }

    /// An active image with data, a property, a tag and a member.
    @discardableResult
    func addImage(_ id: String = UUIDText.random(), locations: [ImageLocation]? = nil) async throws -> String {
        try Data("data of \(id)".utf8).write(to: URL(filePath: file(id)))
        try await database.images.insert(
            Image(
                id: id, name: "image", status: .active, owner: "p", size: 44,
                properties: ["color": "blue", "none": nil],
                tags: ["one", "two"], locations: locations ?? [location(id)],
                members: [ImageMember(imageID: id, project: "other", status: .accepted)]))
        return id
    }

    func location(_ id: String) -> ImageLocation {
        ImageLocation(url: "file://\(file(id))", metadata: ["store": "local"])
    }

    /// Deletes an image as `delayed_delete` does, some time ago.
    func markPending(_ id: String, secondsAgo: Int64 = 10) async throws {
        _ = try await database.images.delete(id, to: .pendingDelete, from: [.active])
        try await age(id, by: secondsAgo)
    }

    /// Puts the deletion of an image and of what was deleted with it into the past.
    func age(_ id: String, by seconds: Int64) async throws {
        let rows = try await database.session.read(
            Statement("SELECT deleted_at FROM images WHERE id = $1", [.text(id)]))
        let time = try #require(try rows[0][0].time(0)).advanced(bySeconds: -seconds)
        for (table, column) in [
            ("images", "id"), ("image_properties", "image_id"), ("image_tags", "image_id"),
            ("image_members", "image_id"),
            ("image_locations", "image_id"),
        ] {
            try await execute(
                "UPDATE \(table) SET deleted_at = $1, updated_at = $1 WHERE \(column) = $2 AND deleted", .time(time),
                .text(id))
        }
    }

    func status(_ id: String) async throws -> ImageStatus? {
        try await database.images.find(id, includingDeleted: true)?.status
    }

    /// Statuses of all locations of an image, in the order of their rows.
    func locationStates(_ id: String) async throws -> [String] {
        try await database.session.read(
            Statement("SELECT status FROM image_locations WHERE image_id = $1 ORDER BY id", [.text(id)]))[0]
            .firstColumn()
    }

    @discardableResult
    func execute(_ sql: String, _ parameters: SQLValue...) async throws -> Int {
        try await database.session.write([Statement(sql, parameters)])[0].affected
    }

    /// A file in the staging directory that was written some time ago.
    func stage(_ name: String, secondsAgo: Int64) throws {
        try write("\(staging)/\(name)", secondsAgo: secondsAgo)
    }

    func write(_ path: String, secondsAgo: Int64) throws {
        try Data("staged".utf8).write(to: URL(filePath: path))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -Double(secondsAgo))], ofItemAtPath: path)
    }

    func staged() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: staging)) }
    func stored() throws -> Set<String> { Set(try FileManager.default.contentsOfDirectory(atPath: images)) }
}
