import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

@testable import VMwareDriver

/// What processes leave on a datastore that die while they write.
@Suite struct AbandonedDatastoreTests {
    private static func store(_ values: [String: String]) throws -> VMwareStore {
        try VMwareStore(identity: StoreIdentity(id: "here"), settings: VMwareTestStore.settings(values))
    }

    private func discardUntilDone(_ store: VMwareStore, _ upload: StoreUpload) async throws {
        while true {
            do {
                return try await store.discard(upload, context: .service)
            } catch StoreError.inUse {}
        }
    }

    /// Fifty processes are killed at whatever they do just then. What is there afterwards is either all of an image or
    /// nothing that has its name, and the records of the uploads are enough to clean up.
    @Test func leavesNothingThatIsNotFound() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let bytes = Noise.bytes(1_000_000, seed: 6)
            let kept = try await test.store.add("kept", bytes)
            for round in 0..<50 {
                let size = round.isMultiple(of: 2) ? 1_000_000 : nil as Int64?
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [values = test.server.settings as [String: String], round = round as Int, size = size as Int64?] in
                    let store = try Self.store(values)
                    let bytes = ByteBuffer(bytes: Noise.bytes(500_000, seed: 6))
                    try await store.check()
                    // On a thread that knows nothing of what goes on.
                    let delay = UInt32.random(in: 0..<60_000)
                    Thread.detachNewThread {
                        usleep(delay)
                        kill(getpid(), SIGKILL)
                    }
                    for _ in 0... {
                        let writer = try await store.makeWriter(
                            imageID: "image-\(round)", uploadID: "killed", expectedSize: size)
                        try await writer.write(bytes)
                        try await writer.write(bytes)
                        _ = try await writer.commit()
                        while true { try await Task.sleep(for: .seconds(1)) }
                    }
                }
                let image = try VMwareTestStore.location(of: "image-\(round)", test.server)
                do {
                    #expect(try await test.store.size(of: image) == 1_000_000)
                } catch StoreError.notFound {}
            }
            let left = Set(try test.files().compactMap { UploadName(file: $0)?.upload })
            #expect(!left.isEmpty)
            #expect(Set(try await test.store.leftovers(minimumAge: .zero).map(\.upload)) == left)
            for round in 0..<50 {
                try await discardUntilDone(test.store, StoreUpload(imageID: "image-\(round)", uploadID: "killed"))
            }
            #expect(try test.files() == ["kept"])
            #expect(try await test.store.read(kept) == bytes)
        }
    }

    @Test func findsWhatNobodyWritesAnyMore() async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            try await test.store.add("kept", [1])
            try await test.store.publish("complete", [1, 2, 3, 4], uploadID: "upload")
            let path = try VMwareTestStore.path(test.server)
            for name in ["image.dead.open", "image.dead.part"] {
                try Data(name.utf8).write(to: URL(filePath: "\(path)/\(name)"))
            }
            for name in ["image.vmdk", "a.b.c.d", "x.y.z"] { try Data().write(to: URL(filePath: "\(path)/\(name)")) }
            let complete = AbandonedUpload(StoreUpload(imageID: "complete", uploadID: "upload"), size: 4)
            let dead = AbandonedUpload(StoreUpload(imageID: "image", uploadID: "dead"), size: 15)
            #expect(try await test.store.leftovers(minimumAge: .seconds(3600)) == [complete])
            #expect(Set(try await test.store.leftovers(minimumAge: .zero)) == [complete, dead])
            try await test.store.settle(dead.upload)
            try await test.store.settle(complete.upload)
            #expect(try test.files() == ["a.b.c.d", "complete", "image.vmdk", "kept", "x.y.z"])
        }
    }

    /// Killed between two steps: the next discard goes on from any of them, and takes nothing that is another upload's.
    @Test(arguments: [
        (["open"], false), (["open", "part"], false), (["part"], false), (["moving", "part"], false),
        (["moving", "dropped"], false), (["dropped"], false), (["moving"], true), (["moving", "gone"], false),
        (["gone"], false),
    ])
    func goesOnWithADiscardThatWasKilled(_ stages: [String], ownsTheImage: Bool) async throws {
        try await VMwareTestStore.with { test async throws in
            try await test.store.prepare()
            let path = try VMwareTestStore.path(test.server)
            let names = stages.map { "image.killed.\($0)" } + ["image"]
            for name in names { try Data().write(to: URL(filePath: "\(path)/\(name)")) }
            try await test.store.discard(imageID: "image", uploadID: "killed")
            #expect(try test.files() == (ownsTheImage ? [] : ["image"]))
        }
    }

    /// Several at once: whoever comes second goes away, or finds nothing; the new upload's data are never touched.
    @Test func discardsSideBySide() async throws {
        try await VMwareTestStore.with { test async throws in
            let store = test.store
            try await store.prepare()
            for round in 0..<20 {
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
                            } catch StoreError.duplicate {
                                try await store.discard(imageID: "image", uploadID: "new-\(round)")
                            }
                        }
                    }
                    var location: ImageLocation?
                    for try await found in group { location = found ?? location }
                    return try #require(location)
                }
                #expect(try await store.read(location) == [2])
                try await store.discard(imageID: "image", uploadID: "new-\(round)")
                #expect(try test.files() == [])
            }
        }
    }
}
