import Foundation
import ImageModel
import ImageService
import JSON
import NIOCore
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageImport

/// Imports of data that are not what they should be.
@Suite struct InspectionTests {
    private static let direct: JSONValue = ["name": "glance-direct"]
    private static let backed = "Image failed safety checks (qcow2): backing_file: The image has a backing file."

    private static func qcow(backing: UInt8 = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 300_000)
        bytes.replaceSubrange(0..<8, with: "QFI".utf8 + [0xFB, 0, 0, 0, 3])
        (bytes[15], bytes[28]) = (backing, 1)
        return bytes
    }

    @Test(
        "CVE-2024-32498, CVE-2015-5163: an import of an image that names other files fails, with the reason",
        arguments: [true, false])
    func unsafeImagesAreNotImported(allMustSucceed: Bool) async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged(Self.qcow(backing: 1), by: caller)
            try await test.ask(
                Self.direct, for: id, ["all_stores": true, "all_stores_must_succeed": .bool(allMustSucceed)], by: caller
            )
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .queued && image.size == nil && image.locations.isEmpty && image.virtualSize == nil)
            #expect(image.properties["os_glance_import_failure"] == Self.backed)
            #expect(image.properties["os_glance_failed_import"] == "fast,slow")
            for place in ["staging", "fast", "slow"] { #expect(try test.files(place) == []) }
            let task = try await test.lastTask(of: id)
            #expect(task.status == .failure && task.message == Self.backed)
        }
    }

    @Test func theSizeOfTheDiskIsFound() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.queued("qcow2", by: caller)
            try await test.imports.stage(ImportHarness.body(Self.qcow()), for: id, expectedSize: nil, caller: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .active && image.virtualSize == 1 << 24 && image.size == 300_000)
        }
    }

    @Test func dataFromTheWebAreInspected() async throws {
        try await withData { test, url, path in
            let caller = await test.caller()
            let method: JSONValue = ["name": "web-download", "uri": .string(url)]
            let good = try await test.queued("qcow2", by: caller)
            try await test.ask(method, for: good, by: caller)
            try await test.finish(try test.importer())
            #expect(try await test.image(good).virtualSize == 1 << 24)
            try Data(Self.qcow(backing: 1)).write(to: URL(filePath: path))
            let bad = try await test.queued("qcow2", by: caller)
            try await test.ask(method, for: bad, by: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(bad)
            #expect(image.status == .queued && image.properties["os_glance_import_failure"] == Self.backed)
            #expect(try test.files("fast") == [good] && test.files("staging") == [])
        }
    }

    /// What has become active without being looked at, a copy does not spread.
    @Test func copiesAreInspected() async throws {
        try await withData { test, url, path in
            try Data(Self.qcow(backing: 1)).write(to: URL(filePath: path))
            let admin = await test.caller(roles: ["admin", "member", "reader"])
            let id = try await test.queued("qcow2", by: admin)
            try await LocationService(test.imports, wakeImporter: {}).add(
                LocationService.Draft(url: url), to: id, for: admin)
            try await test.finish(try test.importer())
            try await test.ask(["name": "copy-image"], for: id, ["stores": ["slow"]], by: admin)
            try await test.finish(try test.importer())
            let after = try await test.image(id)
            #expect(after.status == .active && after.locations.map(\.url) == [url])
            #expect(try await test.lastTask(of: id).message == Self.backed)
            #expect(try test.files("slow") == [])
        }
    }

    /// With a hash to compare with, a location's image becomes active only when its data are found to be right.
    @Test func dataOfLocationsAreInspected() async throws {
        try await withData { test, url, path in
            let locations = LocationService(test.imports, wakeImporter: {})
            let caller = await test.caller()
            func add(_ hash: String?) async throws -> Image {
                let id = try await test.queued("qcow2", by: caller)
                try await locations.add(
                    LocationService.Draft(url: url, validation: hash.map { ("sha256", $0) }), to: id, for: caller)
                try await test.finish(try test.importer())
                return try await test.image(id)
            }
            let good = try await add(nil)
            #expect(good.status == .active && good.virtualSize == 1 << 24)
            try Data(Self.qcow(backing: 1)).write(to: URL(filePath: path))
            // This one has been active from the beginning.
            let active = try await add(nil)
            #expect(active.status == .active && active.virtualSize == nil && active.hashValue != nil)
            let sum = try await command("sha256sum", [path]).prefix(64)
            let bad = try await add(String(sum))
            #expect(bad.status == .queued && bad.locations.isEmpty && bad.hashValue == nil)
            #expect(try await test.lastTask(of: bad.id).message == Self.backed)
        }
    }

    private func withData(
        _ body: @Sendable (ImportHarness, _ url: String, _ path: String) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            let (root, url) = (try server.setting("NGINX_ROOT"), try server.setting("NGINX_URL"))
            try Data(Self.qcow()).write(to: URL(filePath: "\(root)/data"))
            try await ImportHarness.run { test in try await body(test, "\(url)/data", "\(root)/data") }
        }
    }
}
