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

@Suite struct ScrubTests {
    @Test(arguments: Backend.allCases) func imagesGoWithTheirDataWhenTheirTimeHasCome(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend, "scrub_time = 100") { fixture in
            let (old, young, live) = (
                try await fixture.addImage(), try await fixture.addImage(), try await fixture.addImage()
            )
            try await fixture.markPending(old, secondsAgo: 200)
            try await fixture.markPending(young, secondsAgo: 50)
            let summary = try await fixture.scrubber().scrub()
            #expect(summary == .init(scrubbed: 1, failed: 0))
            #expect(try await fixture.status(old) == .deleted)
            #expect(try await fixture.locationStates(old) == ["deleted"])
            #expect(try await fixture.status(young) == .pendingDelete)
            #expect(try await fixture.status(live) == .active)
            #expect(!fixture.hasFile(old) && fixture.hasFile(young) && fixture.hasFile(live))
            #expect(try await fixture.database.scrubs.all().isEmpty)
            let event = try #require(fixture.log.occurrences(of: .imageScrubbed).first)
            #expect(event.metadata["image_id"] == old && event.metadata["bytes"] == "44")
        }
    }

    @Test(arguments: Backend.allCases) func twoNodesShareTheWorkAndRemoveNothingTwice(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend, "scrub_pool_size = 4") { fixture in
            var ids: [String] = []
            for _ in 0..<60 {
                ids.append(try await fixture.addImage())
                try await fixture.markPending(ids[ids.count - 1])
            }
            let store = CountingStore(fixture.stores.defaultStore)
            let stores = StoreRegistry(stores: [store], defaultStore: store, isMultiStore: true)
            let summaries = try await withThrowingTaskGroup(of: ImageScrubber.Summary.self) { group in
                for node in 1...3 {
                    group.addTask {
                        let database = try ImageDatabase(url: fixture.url, logger: .silent)
                        let process = ProcessIdentity(host: "node\(node)/1", pid: 1, startTime: 1)
                        let result: Result<ImageScrubber.Summary, any Error>
                        do {
                            result = .success(
                                try await fixture.scrubber(on: database, stores: stores, process: process).scrub())
                        } catch {
                            result = .failure(error)
                        }
                        await database.close()
                        return try result.get()
                    }
                }
                return try await group.reduce(into: [ImageScrubber.Summary]()) { $0.append($1) }
            }
            #expect(summaries.map(\.scrubbed).reduce(0, +) == 60 && summaries.allSatisfy { $0.failed == 0 })
            #expect(store.removals.count == 60 && store.removals.values.allSatisfy { $0 == 1 })
            for id in ids { #expect(try await fixture.status(id) == .deleted) }
            #expect(try fixture.stored().isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func whatCannotBeRemovedStaysForTheNextRun(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            let id = UUIDText.random()
            try await fixture.addImage(
                id, locations: [ImageLocation(url: "rbd://cluster/pool/x/snap"), fixture.location(id)])
            try await fixture.markPending(id)
            #expect(try await fixture.scrubber().scrub() == .init(scrubbed: 0, failed: 1))
            #expect(try await fixture.status(id) == .pendingDelete)
            #expect(try await fixture.locationStates(id) == ["pending_delete", "deleted"])
            #expect(!fixture.hasFile(id))
            #expect(try await fixture.database.scrubs.all().isEmpty)
            let event = try #require(fixture.log.occurrences(of: .scrubFailed).first)
            #expect(event.level == .warning && event.metadata["image_id"] == id)
            #expect(fixture.log.occurrences(of: .imageScrubbed).isEmpty)
            // The store is back, here in the form of a row that says so.
            try await fixture.execute(
                "UPDATE image_locations SET value = $1 WHERE value LIKE 'rbd:%'", .text("file://\(fixture.file(id))2"))
            #expect(try await fixture.scrubber().scrub() == .init(scrubbed: 1, failed: 0))
            #expect(try await fixture.status(id) == .deleted)
        }
    }

    @Test(arguments: Backend.allCases) func interruptedMarksAreMadeGood(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let (unmarked, done, undeleted) = (
                try await fixture.addImage(), try await fixture.addImage(), try await fixture.addImage()
            )
            for id in [unmarked, done, undeleted] { try await fixture.markPending(id, secondsAgo: 100) }
            try await fixture.execute(
                "UPDATE image_locations SET status = 'active', deleted = false, deleted_at = NULL WHERE image_id = $1",
                .text(unmarked))
            try await fixture.execute(
                "UPDATE image_locations SET status = 'deleted' WHERE image_id = $1", .text(done))
            try FileManager.default.removeItem(atPath: fixture.file(done))
            try await fixture.execute(
                "UPDATE images SET deleted = false, deleted_at = NULL WHERE id = $1", .text(undeleted))
            try await fixture.scrubber().sweepRows()
            #expect(try await fixture.scrubber().scrub() == .init(scrubbed: 3, failed: 0))
            for id in [unmarked, done, undeleted] {
                #expect(try await fixture.status(id) == .deleted)
                #expect(try await fixture.locationStates(id) == ["deleted"])
            }
            #expect(try fixture.stored().isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func dataThatALiveImageUsesStay(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let first = try await fixture.addImage()
            let second = try await fixture.addImage(locations: [fixture.location(first)])
            try await fixture.markPending(first)
            #expect(try await fixture.scrubber().scrub().scrubbed == 1)
            #expect(try await fixture.status(first) == .deleted)
            #expect(fixture.hasFile(first))
            #expect(
                try await fixture.database.images.find(second)?.locations.map(\.url) == [fixture.location(first).url])
            try await fixture.markPending(second)
            #expect(try await fixture.scrubber().scrub().scrubbed == 1)
            #expect(!fixture.hasFile(first))
        }
    }

    @Test(arguments: Backend.allCases) func theLastOfThoseWhoShareDataRemovesThem(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend, "scrub_pool_size = 8") { fixture in
            for _ in 0..<5 {
                let first = try await fixture.addImage()
                var all = [first]
                for _ in 0..<7 { all.append(try await fixture.addImage(locations: [fixture.location(first)])) }
                for id in all { try await fixture.markPending(id) }
                #expect(try await fixture.scrubber().scrub() == .init(scrubbed: 8, failed: 0))
                #expect(!fixture.hasFile(first))
            }
        }
    }

    @Test(arguments: Backend.allCases) func anImageThatWasRestoredInTimeIsNotClaimed(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            let id = try await fixture.addImage()
            try await fixture.markPending(id)
            let scrubber = fixture.scrubber()
            let now = Timestamp.now
            #expect(try await fixture.database.scrubs.due(deletedBefore: now, after: nil, limit: 10).count == 1)
            try await scrubber.restore(id)
            #expect(
                try await fixture.database.scrubs.claim(of: id, deletedBefore: now, by: scrubber.process)?.claim == nil)
            #expect(try await fixture.database.scrubs.all().isEmpty)
            #expect(fixture.hasFile(id))
        }
    }

    @Test(arguments: Backend.allCases) func pagesEndWhereTheQueueDoes(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            var ids: [String] = []
            for number in 0..<7 {
                ids.append(try await fixture.addImage())
                try await fixture.markPending(ids[number], secondsAgo: number < 3 ? 30 : 10)
            }
            var found: [String] = []
            var marker: ScrubMarker?
            repeat {
                let page = try await fixture.database.scrubs.due(deletedBefore: .now, after: marker, limit: 2)
                found += page.map(\.imageID)
                marker = page.last
            } while marker != nil
            #expect(found.count == 7 && Set(found) == Set(ids))
            #expect(Set(found.prefix(3)) == Set(ids.prefix(3)), "the oldest come first")
        }
    }
}
