import Foundation
import OsloConfig
import TestSupport
import Testing

@testable import ImportPlugins

@Suite struct ImportPluginChainTests {
    private static let options = """
        [image_import_opts]
        image_import_plugins = [image_decompression, image_conversion, inject_image_metadata]
        [image_conversion]
        output_format = qcow2
        [inject_metadata_properties]
        inject = origin:imported, os_glance_x:y
        """

    @Test func stepsFollowEachOther() async throws {
        try await with { staged, plain async throws in
            try await command("gzip", ["-k", plain])
            try FileManager.default.moveItem(atPath: plain + ".gz", toPath: staged)
            let chain = try ImportPluginChain(Configuration(text: Self.options)) { path, _ in
                path.hasSuffix(".converted") ? "qcow2" : "raw"
            }
            // A second time, as after a crash.
            for _ in 0..<2 {
                let image = try await chain.run(
                    .init(path: staged, diskFormat: "raw", containerFormat: "bare"), roles: ["member"])
                #expect(image.diskFormat == "qcow2" && image.containerFormat == "bare")
                #expect(image.virtualSize == 2 << 20 && image.properties == ["origin": "imported"])
                #expect(image.path == staged + ".converted")
                #expect(FileManager.default.fileExists(atPath: staged))
                #expect(!FileManager.default.fileExists(atPath: staged + ".unpacked"))
                try await command("qemu-img", ["compare", "-f", "raw", "-F", "qcow2", plain, image.path])
            }
        }
    }

    @Test func aFailureLeavesTheStagedFileOnly() async throws {
        try await with { staged, plain async throws in
            try await command("gzip", ["-k", plain])
            try FileManager.default.moveItem(atPath: plain + ".gz", toPath: staged)
            let chain = try ImportPluginChain(Configuration(text: Self.options)) {
                (_, _) throws(ImportPluginError) in throw .refused("no")
            }
            await #expect(throws: ImportPluginError.refused("no")) {
                _ = try await chain.run(.init(path: staged, diskFormat: "raw", containerFormat: "bare"), roles: [])
            }
            let directory = URL(filePath: staged).deletingLastPathComponent().path()
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory).sorted() == ["plain", "staged"])
        }
    }

    @Test func withoutStepsNothingChanges() async throws {
        let chain = try ImportPluginChain(Configuration(text: "")) { _, format in format }
        let image = ImportPluginChain.Image(path: "/nowhere", diskFormat: "raw", containerFormat: "ovf")
        #expect(try await chain.run(image, roles: []) == image)
    }

    private func with(_ body: @escaping @Sendable (_ staged: String, _ plain: String) async throws -> Void) async throws
    {
        try await command(Project.support("need"), ["qemu-utils"])
        try await withTemporaryDirectory { directory in
            let plain = directory + "/plain"
            try (Data(Noise.bytes(1 << 20, seed: 1)) + Data(count: 1 << 20)).write(to: URL(filePath: plain))
            try await body(directory + "/staged", plain)
        }
    }
}
