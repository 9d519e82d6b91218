import FileDriver
import Foundation
import ImageModel
import ImageStore
import Logging
import NIOCore
import TestSupport
import Testing

/// What processes leave that die while they write.
@Suite struct AbandonedFileTests {
    private static func store(_ directory: String, thin: Bool = false) -> FilesystemStore {
        var settings = FilesystemSettings(directories: [.init(path: directory)])
        settings.isThinProvisioned = thin
        return FilesystemStore(
            identity: StoreIdentity(id: "here"), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func names(_ directory: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted()
    }

    @Test func removesWhatAKilledProcessLeft() async throws {
        try await withTemporaryDirectory { directory in
            let store = Self.store(directory)
            let kept = try await store.add("kept", [1])
            await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
                let writer = try await Self.store(directory).makeWriter(
                    imageID: "image", uploadID: "killed", expectedSize: nil)
                try await writer.write([ByteBuffer(repeating: 7, count: 5_000_000)])
                kill(getpid(), SIGKILL)
            }
            #expect(try names(directory) == [".image.killed.part", "kept"])
            try await store.discard(imageID: "image", uploadID: "killed")
            #expect(try names(directory) == ["kept"])
            #expect(try await store.read(kept) == [1])
        }
    }

    @Test func sweepsWhatNobodyWritesAnyMore() async throws {
        try await withTemporaryDirectory { directory in
            let store = Self.store(directory)
            try await store.add("kept", [1])
            let writer = try await store.makeWriter(imageID: "image", uploadID: "living", expectedSize: nil)
            try await writer.write(pieces: [1, 2, 3])
            await #expect(processExitsWith: .signal(SIGKILL)) { [directory = directory as String] in
                let writer = try await Self.store(directory).makeWriter(
                    imageID: "image", uploadID: "dead", expectedSize: nil)
                try await writer.write([ByteBuffer(repeating: 7, count: 5_000_000)])
                kill(getpid(), SIGKILL)
            }
            for name in [".image.part", ".a.b.c.part", "..a.part", ".nfs0001", "image.upload.part"] {
                try Data().write(to: URL(filePath: "\(directory)/\(name)"))
            }
            let before = try names(directory)
            #expect(try await store.leftovers(minimumAge: .seconds(3600)) == [])
            let dead = AbandonedUpload(StoreUpload(imageID: "image", uploadID: "dead"), size: 5_000_000)
            #expect(try await store.leftovers(minimumAge: .zero) == [dead])
            #expect(try names(directory) == before)
            try await store.settle(dead.upload)
            #expect(try names(directory) == before.filter { $0 != ".image.dead.part" })
            let location = try await writer.commit()
            #expect(try await store.read(location) == [1, 2, 3])
        }
    }

    /// A process is killed at whatever it does just then. What is there afterwards is either all of an image or nothing
    /// that has its name.
    @Test(arguments: [false, true])
    func leavesWholeImagesOrNone(thin: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let store = Self.store(directory, thin: thin)
            for round in 0..<8 {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [directory = directory as String, round = round as Int, thin = thin as Bool] in
                    let store = Self.store(directory, thin: thin)
                    let bytes = Noise.bytes(1_000_000, seed: 6)
                    // Up to a hundredth of a second from now, on a thread that knows nothing of what goes on.
                    let delay = UInt32.random(in: 0..<10_000)
                    Thread.detachNewThread {
                        usleep(delay)
                        kill(getpid(), SIGKILL)
                    }
                    for image in 0... { try await store.add("image-\(round)-\(image)", bytes) }
                }
            }
            let bytes = Noise.bytes(1_000_000, seed: 6)
            for name in try names(directory) where !name.hasPrefix(".") {
                #expect(try Array(Data(contentsOf: URL(filePath: "\(directory)/\(name)"))) == bytes)
            }
            let parts = try names(directory).filter { $0.hasPrefix(".") }
            let leftovers = try await store.leftovers(minimumAge: .zero)
            #expect(leftovers.count == parts.count)
            for leftover in leftovers { try await store.settle(leftover.upload) }
            #expect(try names(directory).allSatisfy { !$0.hasPrefix(".") })
        }
    }

    /// Killed between the two names of a discard: the next one finds what is left by the second temporary name.
    @Test(arguments: ["part", "gone"])
    func goesOnWithADiscardThatWasKilled(_ stage: String) async throws {
        try await withTemporaryDirectory { directory in
            let store = Self.store(directory)
            try await store.publish("image", [1, 2, 3], uploadID: "killed")
            #expect(try names(directory) == [".image.killed.part", "image"])
            try #require(
                rename("\(directory)/.image.killed.part", "\(directory)/.image.killed.\(stage)") == 0)
            try await store.discard(imageID: "image", uploadID: "killed")
            #expect(try names(directory) == [])
        }
    }

    /// Two at once: whoever comes second goes away, or finds nothing; the new upload's data are never touched.
    @Test func discardsSideBySide() async throws {
        try await withTemporaryDirectory { directory in
            for round in 0..<50 {
                let store = Self.store(directory)
                try await store.publish("image", [1], uploadID: "old-\(round)")
                let location = try await withThrowingTaskGroup(of: ImageLocation?.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            do {
                                try await store.discard(imageID: "image", uploadID: "old-\(round)")
                            } catch StoreError.inUse {}
                            return nil
                        }
                    }
                    group.addTask {
                        while true {
                            do {
                                return try await store.publish("image", [2], uploadID: "new-\(round)")
                            } catch StoreError.duplicate {}
                        }
                    }
                    var location: ImageLocation?
                    for try await found in group { location = found ?? location }
                    return try #require(location)
                }
                #expect(try await store.read(location) == [2])
                try await store.discard(imageID: "image", uploadID: "new-\(round)")
                #expect(try names(directory) == [])
            }
        }
    }

    @Test func dropsTheFileOfAForgottenWriter() async throws {
        try await withTemporaryDirectory { directory in
            let store = Self.store(directory)
            do {
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
                try await writer.write(pieces: [1])
            }
            // The clean-up has been given to a thread of the same pool; wait until it is done.
            while try names(directory) != [] { await Task.yield() }
        }
    }
}
