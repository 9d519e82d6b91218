import Events
import Foundation
import ImageModel
import TestSupport
import Testing

@testable import ImageService

/// What the log says about an image, from its creation to its end.
@Suite struct ImageEventTests {
    private let log = EventRecorder()

    private func harness(_ options: String = "") async throws -> ServiceHarness {
        try await ServiceHarness(options, logger: log.logger)
    }

    @Test func everyStepOfAnImageIsAnEventWithItsRequest() async throws {
        let harness = try await harness()
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        try await harness.upload(5000, to: image, for: owner, expectedSize: 5000)
        _ = try await harness.service.update(image.id, [.name("new")], for: owner)
        // Nothing changes, so nothing happens.
        _ = try await harness.service.update(image.id, [.name("new")], for: owner)
        try await harness.tags.addTag("t", to: image.id, for: owner)
        _ = try await harness.members.addMember("other", to: image.id, for: owner)
        let other = await harness.caller("other")
        _ = try await harness.members.setMemberStatus(.accepted, of: "other", in: image.id, for: other)
        try await harness.members.removeMember("other", from: image.id, for: owner)
        let admin = await harness.caller("admin", roles: ["admin", "manager", "member", "reader"])
        try await harness.service.deactivate(image.id, for: admin)
        try await harness.service.reactivate(image.id, for: admin)
        try await harness.service.delete(image.id, for: owner)

        let events: [Event] = [
            .imageCreated, .uploadBegun, .imageActive, .imageUpdated, .imageUpdated, .memberAdded, .memberStatusChanged,
            .memberRemoved, .imageDeactivated, .imageReactivated, .imageDeleted,
        ]
        // The migration of the database speaks, too.
        let entries = log.entries.filter { $0.metadata["message_id"] != nil }
        #expect(entries.map { $0.metadata["message_id"] } == events.map(\.id))
        for entry in entries {
            #expect(entry.metadata["image_id"] == image.id)
            #expect(entry.metadata["request_id"] == "req-1")
            #expect(entry.metadata["project_id"].map { ["owner", "other", "admin"].contains($0) } == true)
            #expect(entry.metadata["user_id"] == "user-of-\(entry.metadata["project_id"] ?? "")")
        }
        let active = entries[2]
        #expect(active.metadata["bytes"] == "5000")
        #expect(active.metadata["store"] != nil)
        #expect(active.metadata["duration_ms"].flatMap(Int.init) != nil)
        #expect(entries[6].metadata["member_id"] == "other")
        #expect(entries[6].metadata["status"] == "accepted")
    }

    /// However many requests meet it: one entry for the beginning, one for the end, and none for each request.
    @Test func theOutageOfAStoreIsToldOnce() async throws {
        let harness = try await harness()
        let owner = await harness.caller("owner")
        let stored = try await harness.queuedImage(for: owner)
        let bytes = try await harness.upload(100, to: stored, for: owner)
        let waiting = try await harness.queuedImage(for: owner)
        let images = harness.directory.appending(path: "images")
        let away = harness.directory.appending(path: "away")
        let before = log.entries.count
        try FileManager.default.moveItem(at: images, to: away)
        for _ in 0..<3 {
            await #expect(throws: ServiceError.self) { _ = try await harness.download(stored.id, for: owner) }
            await #expect(throws: ServiceError.self) { try await harness.upload(10, to: waiting, for: owner) }
        }
        try FileManager.default.moveItem(at: away, to: images)
        for _ in 0..<2 { #expect(try await harness.download(stored.id, for: owner) == bytes) }
        #expect(log.occurrences(of: .storeUnavailable).count == 1)
        #expect(log.occurrences(of: .storeBack).count == 1)
        let loud = log.entries[before...].filter { $0.level >= .warning }
        #expect(loud.map(\.message) == ["The store cannot be used"], "\(loud)")
    }

    @Test func aFailedUploadSaysWhy() async throws {
        let harness = try await harness("image_size_cap = 100")
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        await #expect(throws: ServiceError.self) { try await harness.upload(5000, to: image, for: owner) }
        let failure = try #require(log.entries.last)
        #expect(failure.metadata["message_id"] == Event.uploadFailed.id)
        #expect(failure.metadata["image_id"] == image.id)
        #expect(failure.metadata["request_id"] == "req-1")
        #expect(failure.metadata["error"]?.isEmpty == false)
        #expect(log.entries.filter { $0.metadata["message_id"] == Event.imageActive.id }.isEmpty)
    }
}
