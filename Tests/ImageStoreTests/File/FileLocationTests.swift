import Foundation
import ImageModel
import ImageStore
import TestSupport
import Testing

@testable import FileDriver

/// Locations come from the database: whatever they say, only files below the data directories are touched.
@Suite struct FileLocationTests {
    /// A store on `images` and `more`, with an image `image` in the first and a secret beside them.
    private func with(_ body: @Sendable (_ test: TestStore, _ directory: String) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let settings = FilesystemSettings(directories: [
                .init(path: "\(directory)/images", priority: 1), .init(path: "\(directory)/more"),
            ])
            try "secret".write(toFile: "\(directory)/secret", atomically: true, encoding: .utf8)
            try await TestStore.with(settings: settings) { test async throws in
                try await test.store.add("image", [1, 2, 3])
                try await body(test, directory)
            }
        }
    }

    @Test(arguments: [
        "file://DIR/secret", "file:///etc/passwd", "file://DIR/images/../secret", "file://DIR/images/x/../../secret",
        "file://DIR/images", "file://DIR/images/", "file://DIR/imagesx/image", "file://DIR/images/..",
        "file://DIR/images/.image.upload.part", "file://DIR/images/image?x", "file://images/image",
        "file:DIR/images/image",
        "file://", "file:///", "FILE:", "file://DIR/images/image\0",
    ])
    func refusesPathsOutside(_ url: String) async throws {
        try await with { test, directory async throws in
            let location = ImageLocation(url: url.replacing("DIR", with: directory))
            try await expectBadLocation { _ = try await test.store.open(location, range: nil) }
            try await expectBadLocation { _ = try await test.store.size(of: location) }
            if !url.hasSuffix("/images") { try await expectBadLocation { try await test.store.delete(location) } }
            #expect(access("\(directory)/secret", F_OK) == 0)
            #expect(try await test.contents() == ["image"])
        }
    }

    @Test(arguments: ["ABS/secret", "../secret", "/etc/passwd", "../more/other", "ABS/images/image"])
    func refusesSymbolicLinksThatLeadOut(_ target: String) async throws {
        try await with { test, directory async throws in
            try #require(symlink(target.replacing("ABS", with: directory), "\(directory)/images/link") == 0)
            let location = ImageLocation(url: "file://\(directory)/images/link")
            try await expectBadLocation { _ = try await test.store.open(location, range: nil) }
            try await expectBadLocation { _ = try await test.store.size(of: location) }
            // Removing takes the link and nothing else.
            try await test.store.delete(location)
            #expect(access("\(directory)/secret", F_OK) == 0)
            #expect(try await test.contents() == ["image"])
        }
    }

    /// Without openat2(2), as on kernels before 5.6 and under the seccomp filters of some containers.
    @Test func keepsThePromiseComponentByComponent() async throws {
        try await withTemporaryDirectory { directory in
            for path in ["root/a/b", "outside"] {
                try FileManager.default.createDirectory(
                    atPath: "\(directory)/\(path)", withIntermediateDirectories: true)
            }
            for path in ["root/image", "root/a/b/image", "outside/image"] {
                try path.write(toFile: "\(directory)/\(path)", atomically: true, encoding: .utf8)
            }
            try #require(symlink("../outside", "\(directory)/root/out") == 0)
            try #require(symlink("../outside/image", "\(directory)/root/link") == 0)
            let root = open("\(directory)/root", O_RDONLY | O_DIRECTORY)
            try #require(root >= 0)
            defer { close(root) }
            func text(_ path: String) -> String? {
                let descriptor = FileLocation.openComponents(beneath: root, path, O_RDONLY)
                guard descriptor >= 0 else { return nil }
                let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
                return (try? handle.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
            }
            #expect(text("image") == "root/image")
            #expect(text("a/b/image") == "root/a/b/image")
            for path in ["out/image", "link", "../outside/image", "a/../../outside/image", "a/absent", "image/x", ""] {
                #expect(text(path) == nil, "\(path)")
            }
        }
    }

    /// Where images were before their directory was changed.
    @Test func readsFurtherDirectoriesAndRemovesNothingThere() async throws {
        try await withTemporaryDirectory { directory in
            try FileManager.default.createDirectory(atPath: "\(directory)/old", withIntermediateDirectories: true)
            try Data([1, 2]).write(to: URL(filePath: "\(directory)/old/image"))
            let location = ImageLocation(url: "file://\(directory)/old/image", metadata: ["store": "here"])
            var settings = FilesystemSettings(directories: [.init(path: "\(directory)/images")])
            try await TestStore.with(settings: settings) { test async throws in
                try await expectBadLocation { _ = try await test.store.open(location, range: nil) }
                #expect(!test.store.owns(location))
            }
            settings.furtherDirectories = ["\(directory)/old"]
            try await TestStore.with(settings: settings) { test async throws in
                #expect(test.store.owns(location))
                #expect(try await test.store.read(location) == [1, 2])
                await #expect(throws: StoreError.readOnly) { try await test.store.delete(location) }
                try await test.store.add("new", [3])
                #expect(try await test.contents() == ["new"])
            }
            #expect(access("\(directory)/old/image", F_OK) == 0)
        }
    }

    @Test func refusesDirectoriesThatLeadOut() async throws {
        try await with { test, directory async throws in
            try #require(mkdir("\(directory)/outside", 0o755) == 0)
            try "other".write(toFile: "\(directory)/outside/image", atomically: true, encoding: .utf8)
            try #require(symlink("../outside", "\(directory)/images/inner") == 0)
            let location = ImageLocation(url: "file://\(directory)/images/inner/image")
            try await expectBadLocation { _ = try await test.store.open(location, range: nil) }
            try await expectBadLocation { try await test.store.delete(location) }
            #expect(access("\(directory)/outside/image", F_OK) == 0)
        }
    }

    @Test func refusesWhatIsNotAFile() async throws {
        try await with { test, directory async throws in
            try #require(mkfifo("\(directory)/images/fifo", 0o600) == 0)
            try #require(mkdir("\(directory)/images/folder", 0o700) == 0)
            for name in ["fifo", "folder"] {
                let location = ImageLocation(url: "file://\(directory)/images/\(name)")
                try await expectBadLocation { _ = try await test.store.open(location, range: nil) }
            }
            await #expect(throws: StoreError.self) {
                try await test.store.delete(ImageLocation(url: "file://\(directory)/images/folder"))
            }
        }
    }

    @Test(arguments: [
        "file://DIR/images/image", "filesystem://DIR/images/image", "FILE://DIR/images/image",
        "file://DIR//images//image",
        "file://DIR/./images/image", "file://DIR/images/inner/image", "file://DIR/images/relative",
        "file://DIR/old/image",
        "file://DIR/more/image",
    ])
    func opensWhatIsBelow(_ url: String) async throws {
        try await with { test, directory async throws in
            let files = FileManager.default
            try #require(mkdir("\(directory)/images/inner", 0o755) == 0)
            try files.copyItem(atPath: "\(directory)/images/image", toPath: "\(directory)/images/inner/image")
            try files.copyItem(atPath: "\(directory)/images/image", toPath: "\(directory)/more/image")
            try #require(symlink("inner/image", "\(directory)/images/relative") == 0)
            // The data directory has moved, and a link was left at its old place.
            try #require(symlink("images", "\(directory)/old") == 0)
            let location = ImageLocation(url: url.replacing("DIR", with: directory))
            #expect(try await test.store.read(location) == [1, 2, 3])
            #expect(try await test.store.size(of: location) == 3)
            try await test.store.delete(location)
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: nil) }
        }
    }

    @Test func worksWhereTheDataDirectoryIsALink() async throws {
        try await withTemporaryDirectory { directory in
            try #require(mkdir("\(directory)/real", 0o755) == 0)
            try #require(symlink("real", "\(directory)/images") == 0)
            let settings = FilesystemSettings(directories: [.init(path: "\(directory)/images")])
            try await TestStore.with(settings: settings) { test async throws in
                let location = try await test.store.add("image", [1])
                #expect(location.url == "file://\(directory)/images/image")
                #expect(try await test.store.read(location) == [1])
                #expect(try await test.store.read(ImageLocation(url: "file://\(directory)/real/image")) == [1])
            }
        }
    }

    private func expectBadLocation(_ body: () async throws -> Void) async throws {
        let error = await #expect(throws: StoreError.self) { try await body() }
        guard case .badLocation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
