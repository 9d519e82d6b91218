import Events
import Foundation
import Processes
import TestSupport
import Testing
import TextCoding

@testable import ImageDatabase
@testable import ImageModel
@testable import ImageStore
@testable import Scrubber

@Suite struct RestoreTests {
    /// An image with the parts that a restore brings back, and without what it changes.
    private static func content(_ fixture: Fixture, _ id: String) async throws -> Image? {
        guard var image = try await fixture.database.images.find(id) else { return nil }
        image.updatedAt = image.createdAt
        for index in image.members.indices { image.members[index].updatedAt = image.createdAt }
        return image
    }

    private static func description(of body: () async throws -> Void) async -> String {
        do {
            try await body()
            return "no error"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: Backend.allCases) func anImageComesBackWhole(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let id = try await fixture.addImage()
            // What was removed before the deletion stays removed.
            let old = try #require(try await fixture.database.images.find(id))
            var changed = old
            changed.properties["gone"] = "x"
            changed.tags.append("gone")
            _ = try await fixture.database.images.update(from: old, to: changed)
            _ = try await fixture.database.images.update(from: changed, to: old)
            _ = try await fixture.database.members.add("gone", toImage: id, limit: -1)
            _ = try await fixture.database.members.remove("gone", fromImage: id)
            let before = try #require(try await Self.content(fixture, id))
            _ = try await fixture.database.images.delete(id, to: .pendingDelete, from: [.active])
            #expect(try await fixture.database.images.find(id) == nil)

            try await fixture.scrubber().restore(id)
            #expect(try await Self.content(fixture, id) == before)
            #expect(before.properties == ["color": "blue", "none": nil] && before.tags == ["one", "two"])
            #expect(before.members.map(\.project) == ["other"] && before.locations.count == 1)
            #expect(try await fixture.database.images.find(id)?.deletedAt == nil)
            #expect(try await fixture.database.scrubs.all().isEmpty)
            #expect(fixture.log.occurrences(of: .imageRestored).first?.metadata["image_id"] == id)

            // And can go for good afterwards.
            try await fixture.markPending(id)
            #expect(try await fixture.scrubber().scrub().scrubbed == 1)
            #expect(!fixture.hasFile(id))
        }
    }

    @Test(arguments: Backend.allCases) func anImageThatPythonGlanceDeletedComesBackWhole(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            for isHalfRestored in [false, true] {
                let id = try await fixture.addImage()
                let before = try #require(try await Self.content(fixture, id))
                try await fixture.markPending(id, secondsAgo: 0)
                // Its steps in their order: locations, properties, the image with the rest.
                let rows = try await fixture.database.session.read(
                    Statement("SELECT deleted_at FROM images WHERE id = $1", [.text(id)]))
                let time = try #require(try rows[0][0].time(0))
                let earlier = Timestamp(microseconds: time.microseconds - 900_000)
                for table in ["image_locations", "image_properties"] {
                    try await fixture.execute(
                        "UPDATE \(table) SET deleted_at = $1 WHERE image_id = $2", .time(earlier), .text(id))
                }
                if isHalfRestored {
                    // Its own --restore.
                    try await fixture.execute(
                        "UPDATE images SET status = 'active', deleted = false WHERE id = $1", .text(id))
                    try await fixture.age(id, by: 0)
                    try await fixture.scrubber().sweepRows()
                    #expect(fixture.hasFile(id))
                }
                try await fixture.scrubber().restore(id)
                #expect(try await Self.content(fixture, id) == before)
            }
        }
    }

    @Test(arguments: Backend.allCases) func whatCannotComeBackSaysWhy(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let scrubber = fixture.scrubber()
            #expect(
                await Self.description { try await scrubber.restore("none") } == "No image found with ID none")
            let active = try await fixture.addImage()
            #expect(
                await Self.description { try await scrubber.restore(active) }
                    == "cannot restore the image from active to active (wanted from_state=pending_delete)")

            let scrubbed = try await fixture.addImage()
            try await fixture.markPending(scrubbed)
            try await scrubber.scrub()
            #expect(
                await Self.description { try await scrubber.restore(scrubbed) }
                    == "cannot restore the image from deleted to active (wanted from_state=pending_delete)")

            let gone = try await fixture.addImage()
            try await fixture.markPending(gone)
            try FileManager.default.removeItem(atPath: fixture.file(gone))
            #expect(await Self.description { try await scrubber.restore(gone) }.contains("have been removed already"))
            #expect(try await fixture.status(gone) == .pendingDelete)
            #expect(try await fixture.database.scrubs.all().isEmpty, "the scrubber may have it again")

            let unknown = try await fixture.addImage(locations: [ImageLocation(url: "rbd://x/y/z/snap")])
            try await fixture.markPending(unknown)
            #expect(await Self.description { try await scrubber.restore(unknown) }.contains("could not be looked for"))
            #expect(try await fixture.status(unknown) == .pendingDelete)
        }
    }

    @Test(arguments: Backend.allCases) func aClaimKeepsOthersAway(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let id = try await fixture.addImage()
            try await fixture.markPending(id)
            let (here, elsewhere) = (
                ProcessIdentity.current(), ProcessIdentity(host: "elsewhere/1", pid: 7, startTime: 7)
            )
            for other in [here, elsewhere] {
                let scrub = try #require(
                    try await fixture.database.scrubs.claim(of: id, deletedBefore: .now, by: other))
                let scrubber = fixture.scrubber(process: ProcessIdentity(host: here.host, pid: 1, startTime: 1))
                #expect(await Self.description { try await scrubber.restore(id) }.contains("has begun to remove"))
                #expect(try await scrubber.scrub() == .init())
                #expect(try await fixture.status(id) == .pendingDelete)
                try await fixture.database.scrubs.end(scrub.claim)
            }
            // One of a process that has visibly died does not.
            let dead = ProcessIdentity(host: here.host, pid: here.pid, startTime: here.startTime - 1)
            _ = try await fixture.database.scrubs.claim(of: id, deletedBefore: .now, by: dead)
            try await fixture.scrubber().restore(id)
            #expect(try await fixture.status(id) == .active)
        }
    }

    @Test(arguments: Backend.allCases) func aScrubberLeavesAnImageAloneThatIsBeingRestored(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            let id = try await fixture.addImage()
            try await fixture.markPending(id)
            let other = ProcessIdentity(host: "elsewhere/1", pid: 7, startTime: 7)
            let restore = try await fixture.database.scrubs.claimRestore(of: id, by: other)
            #expect(try await fixture.scrubber().scrub() == .init())
            try await fixture.database.scrubs.restore(restore, present: restore.locations.compactMap(\.id), gone: [])
            #expect(try await fixture.status(id) == .active && fixture.hasFile(id))
            // Twice is once.
            await #expect(throws: DatabaseError.conflict) {
                try await fixture.database.scrubs.restore(restore, present: [], gone: [])
            }
        }
    }

    @Test(arguments: Backend.allCases) func ofSeveralLocationsThoseComeBackWhoseDataAreThere(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            let id = UUIDText.random()
            let missing = ImageLocation(url: "file://\(fixture.file(id))2", metadata: ["store": "local"])
            try await fixture.addImage(id, locations: [missing, fixture.location(id)])
            try await fixture.markPending(id)
            try await fixture.scrubber().restore(id)
            #expect(try await fixture.locationStates(id) == ["deleted", "active"])
            #expect(try await fixture.database.images.find(id)?.locations.map(\.url) == [fixture.location(id).url])
        }
    }
}
