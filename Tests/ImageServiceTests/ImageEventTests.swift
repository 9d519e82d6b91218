import Events
import ImageModel
import Logging
import Synchronization
import Testing

@testable import ImageService

/// What the log says about an image, from its creation to its end.
@Suite struct ImageEventTests {
    private let log = EventRecorder()

    private func harness(_ options: String = "") async throws -> ServiceHarness {
        try await ServiceHarness(options, logger: Logger(label: "glance.tests") { [log] _ in log.handler })
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
        #expect(log.entries.map { $0["message_id"] } == events.map(\.id))
        for entry in log.entries {
            #expect(entry["image_id"] == image.id)
            #expect(entry["request_id"] == "req-1")
            #expect(entry["project_id"].map { ["owner", "other", "admin"].contains($0) } == true)
            #expect(entry["user_id"] == "user-of-\(entry["project_id"] ?? "")")
        }
        let active = log.entries[2]
        #expect(active["bytes"] == "5000")
        #expect(active["store"] != nil)
        #expect(active["duration_ms"].flatMap(Int.init) != nil)
        #expect(log.entries[6]["member_id"] == "other")
        #expect(log.entries[6]["status"] == "accepted")
    }

    @Test func aFailedUploadSaysWhy() async throws {
        let harness = try await harness("image_size_cap = 100")
        let owner = await harness.caller("owner")
        let image = try await harness.queuedImage(for: owner)
        await #expect(throws: ServiceError.self) { try await harness.upload(5000, to: image, for: owner) }
        let failure = try #require(log.entries.last)
        #expect(failure["message_id"] == Event.uploadFailed.id)
        #expect(failure["image_id"] == image.id)
        #expect(failure["request_id"] == "req-1")
        #expect(failure["error"]?.isEmpty == false)
        #expect(log.entries.filter { $0["message_id"] == Event.imageActive.id }.isEmpty)
    }
}

/// Metadata of what was logged.
final class EventRecorder: Sendable {
    private let recorded = Mutex<[[String: String]]>([])

    var entries: [[String: String]] { recorded.withLock { $0 } }
    var handler: any LogHandler { Handler(recorder: self) }

    private struct Handler: LogHandler {
        let recorder: EventRecorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            recorder.recorded.withLock { $0.append(all.mapValues { "\($0)" }) }
        }
    }
}
