import Authorization
import Foundation
import ImageDatabase
import ImageModel
import ImageStore
import NIOCore
import Processes
import Testing

@testable import ImageService

/// Uploads whose process is held at the worst moments. Whatever the order, an acknowledged upload keeps its data.
@Suite struct ForcedOrderTests {
    /// The clean-up of a process's own uploads has read the list when one of them ends well.
    @Test func anUploadThatEndsWhileLeftoversAreLookedForKeepsItsData() async throws {
        let site = try await ServiceHarness()
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        let bytes = try await site.upload(1000, to: image, for: caller)
        // As `recoverOwnUploads` saw it before the end, from a list that is old by now.
        let upload = UploadRecord(
            imageID: image.id, uploadID: "seen", storeID: site.stores.defaultStore.id, process: site.service.process)
        await site.service.abandon(upload, in: site.stores.defaultStore)
        #expect(try await site.download(image.id, for: caller) == bytes)
    }

    /// What happens elsewhere while a process is held: another node takes its upload over and cleans up, and a client uploads
    /// again.
    private static func takeOverAndUploadAgain(
        _ image: Image, in store: HoldingStore, _ site: ServiceHarness, for caller: Caller
    ) async throws -> [UInt8] {
        let record = try #require(try await site.database.uploads.all().first)
        let sweeper = ProcessIdentity(host: "elsewhere", pid: 1, startTime: 1)
        let taken = try #require(try await site.database.uploads.takeOver(record, by: sweeper))
        try await store.discard(taken.stored, context: .service)
        try await site.database.uploads.abort(taken)
        return try await site.upload(1000, to: image, for: caller)
    }

    /// Another node has taken the upload over and somebody has uploaded again when its process goes on.
    @Test(arguments: [HoldingStore.Point.beforeCommit, .afterCommit])
    func aHeldUploadLeavesTheNextOneAlone(_ point: HoldingStore.Point) async throws {
        let site = try await ServiceHarness(holding: point)
        let store = try #require(site.holdingStore)
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        let held = Task { try await site.upload(500, to: image, for: caller) }
        await store.reached()

        let bytes = try await Self.takeOverAndUploadAgain(image, in: store, site, for: caller)

        store.goOn()
        await #expect(throws: (any Error).self) { try await held.value }
        try await site.service.recoverOwnUploads()
        #expect(try await site.download(image.id, for: caller) == bytes)
        #expect(try await site.database.uploads.all().isEmpty)
        #expect(try site.storedFiles() == ["images/\(image.id)"])
    }

    /// A process is held between taking its own failed upload back and removing the bytes.
    @Test func aHeldCleanUpLeavesTheNextUploadAlone() async throws {
        let site = try await ServiceHarness(holding: .beforeDiscard)
        let store = try #require(site.holdingStore)
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        // The announced size is wrong, so the upload fails.
        let held = Task { try await site.upload(500, to: image, for: caller, expectedSize: 600) }
        await store.reached()

        let bytes = try await Self.takeOverAndUploadAgain(image, in: store, site, for: caller)

        store.goOn()
        await #expect(throws: (any Error).self) { try await held.value }
        try await site.service.recoverOwnUploads()
        #expect(try await site.download(image.id, for: caller) == bytes)
        #expect(try site.storedFiles() == ["images/\(image.id)"])
    }

    /// The end of an upload reaches the database only after its process has given it up: it does not count any more.
    @Test func anAbandonedUploadCannotBeFinished() async throws {
        let site = try await ServiceHarness()
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        let upload = UploadRecord(
            imageID: image.id, uploadID: "late", storeID: "file", process: site.service.process)
        try await site.database.uploads.begin(upload)
        #expect(try await site.database.uploads.abandon(upload))
        await #expect(throws: DatabaseError.conflict) {
            try await site.database.uploads.finish(
                upload, location: ImageLocation(url: "file:///x"), size: 1, virtualSize: nil, checksum: nil,
                hashAlgorithm: nil, hashValue: nil)
        }
        try await site.database.uploads.abort(upload)
        #expect(try await site.database.images.find(image.id)?.status == .queued)
    }

    /// What Python Glance leaves when it dies in the middle of an upload is in nobody's way; what another upload of ours has
    /// just written stays.
    @Test func replacesWhatACrashOfPythonGlanceLeft() async throws {
        let site = try await ServiceHarness()
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        let path = site.directory.appending(path: "images/\(image.id)").path
        try Data([1, 2, 3]).write(to: URL(filePath: path))
        let bytes = try await site.upload(1000, to: image, for: caller)
        #expect(try await site.download(image.id, for: caller) == bytes)

        let other = try await site.queuedImage(for: caller)
        let unsettled = site.directory.appending(path: "images/\(other.id)").path
        try Data([4, 5]).write(to: URL(filePath: unsettled))
        try FileManager.default.linkItem(
            atPath: unsettled, toPath: site.directory.appending(path: "images/.\(other.id).upload.part").path)
        await #expect(throws: ServiceError.self) { try await site.upload(10, to: other, for: caller) }
        #expect(FileManager.default.contents(atPath: unsettled) == Data([4, 5]))
    }

    /// Every upload that fails with a store that is away is cleaned up by the first try after its return.
    @Test func cleansUpOnceTheStoreIsBack() async throws {
        let site = try await ServiceHarness()
        let caller = await site.caller("p")
        let image = try await site.queuedImage(for: caller)
        let images = site.directory.appending(path: "images")
        let away = site.directory.appending(path: "away")
        try FileManager.default.moveItem(at: images, to: away)
        await #expect(throws: ServiceError.self) { try await site.upload(10, to: image, for: caller) }
        try await site.service.recoverOwnUploads()
        try FileManager.default.moveItem(at: away, to: images)
        try await site.service.recoverOwnUploads()
        let bytes = try await site.upload(10, to: image, for: caller)
        #expect(try await site.download(image.id, for: caller) == bytes)
    }
}
