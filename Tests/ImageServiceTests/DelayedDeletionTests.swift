import Authorization
import Foundation
import ImageDatabase
import ImageModel
import Testing
import TextCoding

@testable import ImageService

/// `delayed_delete`.
@Suite struct DelayedDeletionTests {
    @Test func anActiveImageLeavesItsDataToTheScrubber() async throws {
        let harness = try await ServiceHarness("delayed_delete = true")
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner, properties: ["color": "blue"])
        try await harness.upload(5000, to: image, for: owner)
        try await harness.service.delete(image.id, for: owner)
        let deleted = try #require(try await harness.database.images.find(image.id, includingDeleted: true))
        #expect(deleted.status == .pendingDelete && deleted.deletedAt != nil)
        #expect(deleted.properties.isEmpty && deleted.locations.isEmpty, "deleted with it")
        #expect(try harness.storedFiles().count == 1)
        await #expect(throws: AuthorizationError.imageNotFound(id: image.id)) {
            try await harness.service.show(image.id, for: owner)
        }
        #expect(try await harness.database.images.storageUsage(ofProject: "owner") == 0)
    }

    @Test func whatHasNoDataOrIsDeactivatedGoesAtOnce() async throws {
        let harness = try await ServiceHarness("delayed_delete = true")
        let admin = await harness.caller("ops", roles: ["admin", "member", "reader"])
        let queued = try await harness.queuedImage(for: admin)
        let deactivated = try await harness.queuedImage(for: admin)
        try await harness.upload(5000, to: deactivated, for: admin)
        try await harness.service.deactivate(deactivated.id, for: admin)
        for image in [queued, deactivated] {
            try await harness.service.delete(image.id, for: admin)
            #expect(try await harness.database.images.find(image.id, includingDeleted: true)?.status == .deleted)
        }
        #expect(try harness.storedFiles().isEmpty)
    }

    @Test func aRemovedLocationWaitsToo() async throws {
        for isDelayed in [false, true] {
            let harness = try await ServiceHarness("delayed_delete = \(isDelayed)", multiStore: true)
            let owner = await harness.caller("ops", roles: ["admin", "member", "reader"])
            let image = try await harness.queuedImage(for: owner)
            try await harness.upload(5000, to: image, for: owner, store: "fast")
            let before = try #require(try await harness.database.images.find(image.id))
            var copied = before
            let path = harness.directory.appending(path: "slow/\(image.id)").path
            try Data([1]).write(to: URL(filePath: path))
            copied.locations.append(ImageLocation(url: "file://\(path)", metadata: ["store": "slow"]))
            _ = try await harness.database.images.update(from: before, to: copied)
            try await harness.service.deleteFromStore("slow", image: image.id, for: owner)
            #expect(FileManager.default.fileExists(atPath: path) == isDelayed)
        }
    }

    @Test func dataThatAnotherImageUsesStay() async throws {
        let harness = try await ServiceHarness()
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        let bytes = try await harness.upload(5000, to: image, for: owner)
        let location = try #require(try await harness.database.images.find(image.id)?.locations.first)
        let other = Image(
            id: UUIDText.random(), status: .active, owner: "owner", size: 5000, diskFormat: "raw",
            containerFormat: "bare", locations: [ImageLocation(url: location.url)])
        try await harness.database.images.insert(other)
        try await harness.service.delete(image.id, for: owner)
        #expect(try await harness.download(other.id, for: owner) == bytes)
        try await harness.service.delete(other.id, for: owner)
        #expect(try harness.storedFiles().isEmpty)
    }
}
