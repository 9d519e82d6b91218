import Foundation
import ImageModel
import JSON
import TestSupport
import Testing

@testable import ImageService

/// What others are told of images and members, in Glance's form.
@Suite struct ImageNotificationTests {
    private let told = NotificationRecorder()

    /// The members of Glance's payload about an image.
    static let imageMembers: Set<String> = [
        "id", "name", "status", "created_at", "updated_at", "min_disk", "min_ram", "protected", "checksum", "owner",
        "disk_format", "container_format", "size", "virtual_size", "is_public", "visibility", "properties", "tags",
        "deleted", "deleted_at",
    ]

    @Test func everyStepOfAnImageIsTold() async throws {
        let harness = try await ServiceHarness(multiStore: true, notifier: told.notifier)
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner, properties: ["a": "1"])
        try await harness.upload(5000, to: image, for: owner, expectedSize: 5000)
        _ = try await harness.service.update(image.id, [.name("new")], for: owner)
        // Nothing changes, so nothing happens.
        _ = try await harness.service.update(image.id, [.name("new")], for: owner)
        try await harness.tags.addTag("t", to: image.id, for: owner)
        try await harness.tags.removeTag("t", from: image.id, for: owner)
        _ = try await harness.members.addMember("other", to: image.id, for: owner)
        let other = await harness.caller("other")
        _ = try await harness.members.setMemberStatus(.accepted, of: "other", in: image.id, for: other)
        try await harness.members.removeMember("other", from: image.id, for: owner)
        let admin = await harness.caller("admin", roles: ["admin", "manager", "member", "reader"])
        try await harness.service.deactivate(image.id, for: admin)
        try await harness.service.reactivate(image.id, for: admin)
        try await harness.service.delete(image.id, for: owner)

        #expect(
            told.types == [
                "image.create", "image.update", "image.prepare", "image.upload", "image.activate", "image.update",
                "image.update", "image.update", "image.update", "image.member.create", "image.member.update",
                "image.member.delete", "image.update", "image.update", "image.delete",
            ])
        #expect(told.notifications.allSatisfy { $0.priority == .info })
        let payloads = told.notifications.map(\.payload)
        for (type, payload) in zip(told.types, payloads) where !type.hasPrefix("image.member") {
            var members = Self.imageMembers
            if type == "image.prepare" || type == "image.upload" {
                members.formUnion(["os_glance_importing_to_stores", "os_glance_failed_import"])
            }
            if type == "image.prepare" { members.insert("backend") }
            #expect(payload.objectValue.map { Set($0.keys) } == members, "\(type)")
            #expect(payload["id"] == .string(image.id) && payload["owner"] == "owner")
        }
        #expect(
            payloads.compactMap { $0["status"]?.stringValue } == [
                "queued", "saving", "saving", "active", "active", "active", "active", "active", "active", "pending",
                "accepted", "accepted", "deactivated", "active", "deleted",
            ])
        let active = payloads[4]
        #expect(active["size"] == 5000 && active["virtual_size"] == 5000 && active["is_public"] == false)
        #expect(active["checksum"]?.stringValue?.count == 32 && active["properties"] == ["a": "1"])
        #expect(payloads[2]["backend"] == "fast" && payloads[2]["os_glance_importing_to_stores"] == [])
        #expect(payloads[6]["name"] == "new" && payloads[7]["tags"] == ["t"] && payloads[8]["tags"] == [])
        #expect(payloads[9]["image_id"] == .string(image.id) && payloads[9]["member_id"] == "other")
        #expect(
            payloads[11].objectValue.map { Set($0.keys) } == [
                "image_id", "member_id", "status", "created_at", "updated_at", "deleted", "deleted_at",
            ])
        for gone in [payloads[11], payloads[14]] {
            #expect(gone["deleted"] == true && gone["deleted_at"]?.stringValue?.hasSuffix("Z") == true)
        }
        // Where the data lie is nobody's business.
        #expect(!payloads.map { "\($0)" }.joined().contains("file://"))
    }

    @Test func anUploadThatFailsIsToldAsAnError() async throws {
        let harness = try await ServiceHarness("image_size_cap = 1000", notifier: told.notifier)
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        await #expect(throws: ServiceError.self) { try await harness.upload(5000, to: image, for: owner) }
        #expect(told.types == ["image.create", "image.update", "image.prepare", "image.upload", "image.update"])
        let failure = told.notifications[3]
        #expect(failure.priority == .error && failure.payload.stringValue?.contains(image.id) == true)
        #expect(told.notifications[4].payload["status"] == "queued")
    }

    @Test func delayedDeletionIsTold() async throws {
        let harness = try await ServiceHarness("delayed_delete = true", notifier: told.notifier)
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        try await harness.upload(10, to: image, for: owner)
        try await harness.service.delete(image.id, for: owner)
        #expect(told.ofType("image.delete").map { $0.payload["status"] } == ["pending_delete"])
    }

    @Test func whatARefusedRequestWantedIsNotTold() async throws {
        let harness = try await ServiceHarness(notifier: told.notifier)
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        let other = await harness.caller("other")
        await #expect(throws: (any Error).self) { try await harness.service.delete(image.id, for: other) }
        #expect(told.types == ["image.create"])
    }
}
