import FileDriver
import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

/// What only the driver `file` does.
@Suite struct FilesystemStoreTests {
    /// Settings with directories below one that does not exist yet.
    private func settings(
        _ paths: [String: Int] = ["/images": 0], permissions: mode_t? = nil, isThin: Bool = false,
        chunkSize: Int = 65536
    ) -> FilesystemSettings {
        var settings = FilesystemSettings(directories: paths.map { .init(path: $0.key, priority: $0.value) })
        settings.filePermissions = permissions
        settings.isThinProvisioned = isThin
        settings.chunkSize = chunkSize
        return settings
    }

    /// Runs `body` with a store whose data directories are below a temporary directory.
    private func with(
        _ settings: FilesystemSettings? = nil,
        _ body: @Sendable (_ test: TestStore, _ directory: String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var settings = settings ?? self.settings()
            for index in settings.directories.indices {
                settings.directories[index].path = directory + settings.directories[index].path
            }
            try await TestStore.with(settings: settings) { try await body($0, directory) }
        }
    }

    private func mode(_ path: String) throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return Int(status.st_mode & 0o7777)
    }

    // MARK: Names and permissions

    @Test func writesTheURLsOfGlance() async throws {
        try await with { test, directory async throws in
            let location = try await test.store.add("6b1e", [1])
            #expect(location.url == "file://\(directory)/images/6b1e")
            #expect(location.metadata == ["store": "here"])
            #expect(try Data(contentsOf: URL(filePath: "\(directory)/images/6b1e")) == Data([1]))
        }
    }

    @Test func describesItself() async throws {
        try await with(settings(isThin: true)) { test, directory async throws in
            #expect(
                test.store.properties == [
                    "data_dir": .string("\(directory)/images"), "chunk_size": 65536, "thin_provisioning": true,
                ])
        }
    }

    @Test func leavesPermissionsToTheUmask() async throws {
        try await with { test, directory async throws in
            try await test.store.add("image", [1])
            let mask = umask(0)
            umask(mask)
            #expect(try mode("\(directory)/images/image") == 0o666 & ~Int(mask))
        }
    }

    @Test(arguments: [0o600, 0o640, 0o644, 0o400])
    func givesFilesTheirPermissions(_ permissions: Int) async throws {
        try await with(settings(permissions: mode_t(permissions))) { test, directory async throws in
            let location = try await test.store.add("image", [1, 2, 3])
            #expect(try mode("\(directory)/images/image") == permissions)
            #expect(try await test.store.read(location) == [1, 2, 3])
        }
    }

    @Test(arguments: [(0o600, 0o700), (0o640, 0o710), (0o644, 0o711), (0o604, 0o701)])
    func opensTheWayToSharedFiles(_ permissions: Int, _ expected: Int) async throws {
        try await withTemporaryDirectory { directory in
            let images = "\(directory)/images"
            try #require(mkdir(images, 0o700) == 0)
            var settings = FilesystemSettings(directories: [.init(path: images)])
            settings.filePermissions = mode_t(permissions)
            try await TestStore.with(settings: settings) { _ async throws in #expect(try mode(images) == expected) }
        }
    }

    @Test func createsMissingDirectories() async throws {
        try await with(settings(["/images/deep/er": 0])) { test, directory async throws in
            try await test.store.add("image", [1])
            #expect(access("\(directory)/images/deep/er/image", R_OK) == 0)
        }
    }

    @Test func refusesADirectoryThatIsAFile() async throws {
        try await withTemporaryDirectory { directory in
            try Data().write(to: URL(filePath: "\(directory)/images"))
            let settings = FilesystemSettings(directories: [.init(path: "\(directory)/images/deeper")])
            let error = await #expect(throws: StoreError.self) {
                try await TestStore.with(settings: settings) { _ in }
            }
            #expect(
                error == .badConfiguration("store here: data directory: \(directory)/images is not a directory"))
        }
    }

    // MARK: Several directories

    @Test func prefersTheHighestPriority() async throws {
        try await with(settings(["/images1": 1, "/images3": 3, "/images2": 2])) { test, directory async throws in
            let location = try await test.store.add("image", [1])
            #expect(location.url == "file://\(directory)/images3/image")
            // Whatever directory has the image, it is there already.
            try FileManager.default.moveItem(atPath: "\(directory)/images3/image", toPath: "\(directory)/images1/image")
            await #expect(throws: StoreError.duplicate) { try await test.store.add("image", [1]) }
            #expect(
                try await test.store.read(ImageLocation(url: "file://\(directory)/images1/image")) == [1])
            try await test.store.delete(ImageLocation(url: "file://\(directory)/images1/image"))
            #expect(try await test.contents() == [])
        }
    }

    // MARK: Metadata

    @Test(arguments: [
        #"{"id": "m", "mountpoint": "DIR"}"#,
        #"[{"id": "x", "mountpoint": "/elsewhere"}, {"id": "m", "mountpoint": "DIR/images/"}]"#,
        #"[{"id": "m", "mountpoint": "DIR"}, {"id": "second", "mountpoint": "DIR/images"}]"#,
    ])
    func tellsTheMountPoint(_ json: String) async throws {
        try await withTemporaryDirectory { directory in
            let text = json.replacing("DIR", with: directory)
            let file = URL(filePath: "\(directory)/metadata.json")
            try text.write(to: file, atomically: true, encoding: .utf8)
            var settings = FilesystemSettings(directories: [.init(path: "\(directory)/images")])
            settings.locationMetadata = try LocationMetadata(file: file.path)
            try await TestStore.with(settings: settings) { test async throws in
                let location = try await test.store.add("image", [1])
                #expect(location.metadata["id"] == "m")
                #expect(location.metadata["mountpoint"]?.stringValue?.hasPrefix(directory) == true)
                #expect(location.metadata["store"] == "here")
            }
        }
    }

    @Test func saysNothingOfOtherMountPoints() async throws {
        try await withTemporaryDirectory { directory in
            let file = URL(filePath: "\(directory)/metadata.json")
            // A prefix of the text, but not a directory above.
            try #"{"id": "m", "mountpoint": "\#(directory)/ima"}"#.write(to: file, atomically: true, encoding: .utf8)
            var settings = FilesystemSettings(directories: [.init(path: "\(directory)/images")])
            settings.locationMetadata = try LocationMetadata(file: file.path)
            try await TestStore.with(settings: settings) { test async throws in
                #expect(try await test.store.add("image", [1]).metadata == ["store": "here"])
            }
        }
    }

    @Test(arguments: [
        "", "nonsense", "[1]", #"{"id": "m"}"#, #"{"id": 1, "mountpoint": "/a"}"#, #"[{"mountpoint": "/a"}]"#,
    ])
    func refusesBadMetadata(_ json: String) async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/metadata.json"
            try json.write(toFile: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: StoreError.self) { try LocationMetadata(file: file) }
            guard case .badConfiguration(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(file))
        }
    }

    @Test func namesAMetadataFileThatIsMissing() {
        #expect(throws: StoreError.badConfiguration("cannot open /nonexistent/file: No such file or directory")) {
            try LocationMetadata(file: "/nonexistent/file")
        }
    }

    // MARK: Thin provisioning

    /// Blocks of the disk in use, in bytes.
    private func blocks(_ path: String) throws -> Int {
        var status = stat()
        try #require(stat(path, &status) == 0)
        return Int(status.st_blocks) * 512
    }

    @Test func leavesHolesForZeros() async throws {
        let size = 8 << 20
        let chunk = 65536
        var bytes = [UInt8](repeating: 0, count: size)
        bytes.replaceSubrange(3 * chunk..<4 * chunk, with: Noise.bytes(chunk, seed: 4))
        bytes[5 * chunk + 17] = 1
        let content = bytes
        for isThin in [false, true] {
            try await with(settings(isThin: isThin)) { test, directory async throws in
                let location = try await test.store.add("image", content)
                #expect(try await test.store.size(of: location) == Int64(size))
                #expect(try await test.store.read(location) == content)
                let used = try blocks("\(directory)/images/image")
                if isThin { #expect(used <= 4 * chunk) } else { #expect(used >= size) }
            }
        }
    }

    @Test(arguments: [1, 3, 4096, 65536, 1 << 20])
    func keepsSparseDataWhateverTheChunk(_ chunk: Int) async throws {
        var bytes = Noise.bytes(500_003, seed: 5)
        for start in stride(from: 1000, to: 480_000, by: 40_000) {
            bytes.replaceSubrange(start..<start + 19_999, with: repeatElement(0, count: 19_999))
        }
        bytes += [UInt8](repeating: 0, count: 100_000)
        let content = bytes
        try await with(settings(isThin: true, chunkSize: chunk)) { test, _ async throws in
            #expect(try await test.store.read(test.put(content)) == content)
            let zeros = [UInt8](repeating: 0, count: 70_000)
            #expect(try await test.store.read(test.put(zeros)) == zeros)
        }
    }
}
