import Foundation
import ImageModel
import ImageStore
import RBDDriver
import TestSupport
import Testing

extension RBDTests {
    /// The rbd driver of glance_store itself, with the same pool.
    @Suite struct GlanceStoreTests {
        /// `Tests/Support/python/rbd-store.py`.
        private func python(_ pool: String, _ arguments: String...) async throws -> String {
            let environment =
                try await command(Project.support("fetch"), ["glance33"]).split(separator: "\n").last ?? ""
            return try await command(
                "\(environment)/bin/python",
                [
                    Project.support("python/rbd-store.py"), try await TestCeph.server().setting("CEPH_CONF"), "glance",
                    pool,
                ] + arguments
            ).trimmingCharacters(in: .whitespacesAndNewlines)
        }

        @Test(arguments: [false, true])
        func readsAndRemovesWhatItHasWritten(sizeIsUnknown: Bool) async throws {
            try await withTemporaryDirectory { directory in
                let bytes = Noise.bytes(20_000_001, seed: 1)
                try Data(bytes).write(to: URL(filePath: "\(directory)/file"))
                let pool = try await TestCeph.makePool()
                let url =
                    sizeIsUnknown
                    ? try await python(pool, "add", "image", "\(directory)/file", "unknown")
                    : try await python(pool, "add", "image", "\(directory)/file")
                let store = try await RBDStore.ofTests(pool: pool)
                try await store.prepare()
                // What we would have written ourselves.
                let location = ImageLocation(url: url, metadata: ["store": "ceph"])
                #expect(store.owns(location))
                #expect(try await store.size(of: location) == 20_000_001)
                #expect(try await store.read(location) == bytes)
                #expect(
                    try await store.read(location, range: 8_388_600..<8_388_700) == Array(bytes[8_388_600..<8_388_700]))
                await #expect(throws: StoreError.duplicate) {
                    try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
                }
                try await store.delete(location)
                #expect(try await TestCeph.images(in: pool) == [])
            }
        }

        @Test(arguments: [nil, 20_000_001] as [Int64?])
        func itReadsAndRemovesWhatIsWritten(expectedSize: Int64?) async throws {
            try await withTemporaryDirectory { directory in
                let bytes = Noise.bytes(20_000_001, seed: 2)
                let pool = try await TestCeph.makePool()
                let store = try await RBDStore.ofTests(pool: pool)
                let writer = try await store.makeWriter(
                    imageID: "image", uploadID: "upload", expectedSize: expectedSize)
                try await writer.write(pieces: bytes)
                let url = try await writer.commit().url
                try await store.settle(StoreUpload(imageID: "image", uploadID: "upload"))
                #expect(try await python(pool, "size", url) == "20000001")
                _ = try await python(pool, "get", url, "\(directory)/file")
                #expect(try Array(Data(contentsOf: URL(filePath: "\(directory)/file"))) == bytes)

                // The image looks as one of its own.
                let theirs = try await python(pool, "add", "theirs", "\(directory)/file")
                #expect(theirs == url.replacing("/image/", with: "/theirs/"))
                for verb in [["info"], ["snap", "ls"]] {
                    let (ours, other) = try await (
                        description(verb, "\(pool)/image"), description(verb, "\(pool)/theirs")
                    )
                    #expect(ours == other && !ours.isEmpty)
                }
                #expect(try await python(pool, "delete", url) == "deleted")
                #expect(try await python(pool, "delete", theirs) == "deleted")
                #expect(try await TestCeph.images(in: pool) == [])
            }
        }

        @Test func itReadsAndRemovesWhatIsCopied() async throws {
            try await withTemporaryDirectory { directory in
                let bytes = Noise.bytes(20_000_001, seed: 3)
                try Data(bytes).write(to: URL(filePath: "\(directory)/source"))
                let pools = [try await TestCeph.makePool(), try await TestCeph.makePool()]
                let location = ImageLocation(url: try await python(pools[0], "add", "image", "\(directory)/source"))
                let (source, target) = (
                    try await RBDStore.ofTests(pool: pools[0]),
                    try await RBDStore.ofTests(pool: pools[1], chunkSize: 4 << 20)
                )
                let writer = try await target.makeWriter(imageID: "image", uploadID: "copy", expectedSize: nil)
                #expect(try await writer.copy(location, of: source) { _ in } == 20_000_001)
                let url = try await writer.commit().url
                try await target.settle(StoreUpload(imageID: "image", uploadID: "copy"))
                _ = try await python(pools[1], "get", url, "\(directory)/file")
                #expect(try Array(Data(contentsOf: URL(filePath: "\(directory)/file"))) == bytes)
                #expect(try await python(pools[1], "delete", url) == "deleted")
                #expect(try await TestCeph.images(in: pools[1]) == [])
            }
        }

        /// Clones of the older format keep an image, those of the newer one send it to the trash: for both alike.
        @Test(arguments: ["1", "2"])
        func removesWhatHasClonesAsItDoes(format: String) async throws {
            try await withTemporaryDirectory { directory in
                try Data([1, 2, 3]).write(to: URL(filePath: "\(directory)/file"))
                let pool = try await TestCeph.makePool()
                let store = try await RBDStore.ofTests(pool: pool)
                for name in ["ours", "theirs"] {
                    let url = try await python(pool, "add", name, "\(directory)/file")
                    try await TestCeph.rbd(
                        "clone", "--rbd-default-clone-format", format, "\(pool)/\(name)@snap", "\(pool)/clone-\(name)")
                    if name == "theirs" {
                        let answer = try await python(pool, "delete", url)
                        #expect(answer == (format == "1" ? "in use" : "deleted"))
                    } else if format == "1" {
                        let error = await #expect(throws: StoreError.self) {
                            try await store.delete(ImageLocation(url: url))
                        }
                        guard case .inUse = error else {
                            Issue.record("\(String(describing: error))")
                            continue
                        }
                    } else {
                        try await store.delete(ImageLocation(url: url))
                    }
                }
                let trash = try await TestCeph.rbd("trash", "ls", pool)
                for name in ["ours", "theirs"] {
                    #expect(trash.contains(name) == (format == "2"))
                    try await TestCeph.rbd("rm", "--no-progress", "\(pool)/clone-\(name)")
                }
            }
        }

        /// What `rbd` says about an image, without what differs in any case.
        private func description(_ verb: [String], _ image: String) async throws -> [String] {
            let text = try await command(
                "rbd", ["-c", try await TestCeph.server().setting("CEPH_CONF")] + verb + [image])
            let varying = ["rbd image", "id:", "block_name_prefix:", "timestamp:"]
            var lines: [String] = []
            for line in text.split(separator: "\n") where !varying.contains(where: { line.contains($0) }) {
                // Without the snapshot's number and time.
                let words = line.split(separator: " ").map(String.init)
                lines.append(verb == ["info"] ? String(line) : words.dropFirst().prefix(4).joined(separator: " "))
            }
            return lines
        }
    }
}
