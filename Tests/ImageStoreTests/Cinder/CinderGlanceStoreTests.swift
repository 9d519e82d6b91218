import Foundation
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import CinderDriver

/// glance_store's own driver and ours, on the same Cinder.
@Suite struct CinderGlanceStoreTests {
    private static let bytes = Noise.bytes(3_000_000, seed: 32)

    /// Runs Python's store where the key of Cinder's user is in Ceph's usual place.
    private func python(
        _ test: CinderTestStore, _ kind: CinderTestStore.Kind, _ directory: String, _ commands: String...
    ) async throws -> [String] {
        let environment = try await command(Project.support("fetch"), ["cinder"]).split(separator: "\n").last ?? ""
        let keys = "\(directory)/etc-ceph"
        try FileManager.default.createDirectory(atPath: keys, withIntermediateDirectories: true)
        let key = "\(keys)/ceph.client.cinder.keyring"
        if !FileManager.default.fileExists(atPath: key) {
            try FileManager.default.copyItem(atPath: test.server.setting("CINDER_KEYRING"), toPath: key)
        }
        var values = test.server.settings
        values["PATH"] = "\(environment)/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        let output = try await command(
            Project.support("nfs"),
            [
                "sh", "-c", "mount --bind \"$0\" /etc/ceph && exec \"$@\"", keys,
                "\(environment)/bin/python",
                "-W", "ignore", Project.support("python/glance-store-cinder.py"), test.project, kind.rawValue,
            ] + commands,
            environment: values)
        return output.split(separator: "\n").map(String.init)
    }

    @Test(arguments: CinderTestStore.Kind.allCases)
    func sharesItsImagesWithPythonsStore(_ kind: CinderTestStore.Kind) async throws {
        try await withTemporaryDirectory { directory in
            try await CinderTestStore.with(kind) { test async throws in
                let (theirs, copy) = ("\(directory)/theirs", "\(directory)/copy")
                try Data(Self.bytes).write(to: URL(filePath: theirs))
                let ours = try await test.store.add("8b24d1bb-7f35-4c10-9b8d-5c34f1c9a001", Self.bytes)
                let old = "cinder://\(try CinderLocation(url: ours.url).volumeID)"
                let image = "8b24d1bb-7f35-4c10-9b8d-5c34f1c9a002"
                let lines = try await python(
                    test, kind, directory, "add,\(image),\(theirs)", "size,\(old)", "get,\(old),\(copy)",
                    "delete,\(old)")
                #expect(Array(lines.dropFirst()) == ["3000000", "3000000", "None"])
                #expect(try Array(Data(contentsOf: URL(filePath: copy))) == Self.bytes)

                let location = ImageLocation(url: try #require(lines.first))
                #expect(test.store.owns(location))
                #expect(try await test.store.size(of: location) == 3_000_000)
                #expect(try await test.store.read(location) == Self.bytes)
                await #expect(throws: StoreError.duplicate) { try await test.store.add(image, [1]) }
                try await test.store.delete(location)
                // Python's store does not wait for the end of its own removal.
                while try await !test.volumes().isEmpty { try await Task.sleep(for: .milliseconds(100)) }
            }
        }
    }
}
