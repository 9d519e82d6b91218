import Foundation
import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase
@testable import UpgradeCheck

/// Images of a data directory that was changed one day.
@Suite struct LocationsCheckTests {
    private static let text = """
        [DEFAULT]
        enabled_backends = fast:file, web:http
        [database]
        connection = sqlite:///DIR/glance.sqlite
        [glance_store]
        default_backend = fast
        [fast]
        filesystem_store_datadir = DIR/images

        """

    private func add(_ urls: [String], to site: borrowing CheckedSite) async throws {
        let database = try ImageDatabase(url: "sqlite:///\(site.directory)/glance.sqlite", logger: .silent)
        _ = try await SchemaMigrator(database).upgrade(to: "heads")
        for url in urls {
            try await database.images.insert(
                Image(
                    id: UUIDText.random(), status: .active,
                    locations: [ImageLocation(url: url.replacing("DIR", with: site.directory))]))
        }
        await database.close()
    }

    @Test func directoriesWhereNoStoreLooksAreNamedAndCounted() async throws {
        let site = try CheckedSite(Self.text)
        for name in ["images", "old"] {
            try FileManager.default.createDirectory(
                atPath: "\(site.directory)/\(name)", withIntermediateDirectories: true)
        }
        try FileManager.default.createSymbolicLink(
            atPath: "\(site.directory)/linked", withDestinationPath: "\(site.directory)/images")
        try await add(
            [
                "file://DIR/images/a", "file://DIR/old/b", "file://DIR/old/c", "file://DIR/linked/d",
                "filesystem://DIR/images_%/e", "http://host/f",
            ], to: site)
        #expect(
            await site.check()[.locations]
                == ["images_%", "old"].map { name in
                    "Warning: \(name == "old" ? 2 : 1) locations are in \(site.directory)/\(name), where no store looks; name "
                        + "it in filesystem_store_read_only_datadirs of the store that had it"
                })
        try site.write(
            "glance-api.conf",
            Self.text + "filesystem_store_read_only_datadirs = DIR/old, DIR/images_%\n")
        #expect(
            await site.check().only(.locations)
                == "Success: every file that an image names is where a store looks for it")
    }
}
