import Foundation
import ImageModel
import Processes
import Testing

@testable import ImageDatabase

@Suite struct UploadTests {
    private static let here = ProcessIdentity(host: "boot/1", pid: 10, startTime: 100)
    private static let sweeper = ProcessIdentity(host: "boot/1", pid: 11, startTime: 101)

    private static func record(_ image: String, _ upload: String = "u1") -> UploadRecord {
        UploadRecord(imageID: image, uploadID: upload, storeID: "fast", process: here, renewedAt: time(0))
    }

    private static func finish(_ database: ImageDatabase, _ upload: UploadRecord) async throws(DatabaseError) {
        try await database.uploads.finish(
            upload, location: ImageLocation(url: "file:///x", metadata: ["store": "fast"]), size: 5, virtualSize: 6,
            checksum: "c", hashAlgorithm: "sha512", hashValue: "h")
    }

    private static func queued(_ database: ImageDatabase) async throws(DatabaseError) -> String {
        let id = newID()
        try await database.images.insert(Image(id: id))
        return id
    }

    @Test(arguments: Backend.allCases) func anUploadMakesAnImageActive(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let upload = Self.record(try await Self.queued(database))
            try await database.uploads.begin(upload)
            #expect(try await database.images.find(upload.imageID)?.status == .saving)
            #expect(try await database.uploads.all() == [upload])
            try await Self.finish(database, upload)
            let image = try #require(try await database.images.find(upload.imageID))
            #expect(image.status == .active && image.size == 5 && image.virtualSize == 6)
            #expect(image.checksum == "c" && image.hashAlgorithm == "sha512" && image.hashValue == "h")
            #expect(image.locations.map(\.url) == ["file:///x"] && image.locations[0].storeID == "fast")
            #expect(try await database.uploads.all().isEmpty)
        }
    }

    @Test(arguments: Backend.allCases) func ofParallelUploadsExactlyOneBegins(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let id = try await Self.queued(database)
            let errors = await withTaskGroup(of: DatabaseError?.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        do throws(DatabaseError) {
                            try await database.uploads.begin(Self.record(id, "u\(number)"))
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                return await group.reduce(into: [DatabaseError?]()) { $0.append($1) }
            }
            #expect(errors.count { $0 == nil } == 1)
            #expect(errors.count { $0 == .conflict } == 9)
            await #expect(throws: DatabaseError.notFound) { try await database.uploads.begin(Self.record("none")) }
        }
    }

    @Test(arguments: Backend.allCases) func anAbortedUploadLeavesAQueuedImage(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let upload = Self.record(try await Self.queued(database))
            try await database.uploads.begin(upload)
            try await database.uploads.abort(upload)
            #expect(try await database.images.find(upload.imageID)?.status == .saving, "nobody has abandoned it")
            #expect(try await database.uploads.abandon(upload))
            #expect(try await database.uploads.all() != [], "the bytes are still to be removed")
            await #expect(throws: DatabaseError.conflict) { try await Self.finish(database, upload) }
            try await database.uploads.abort(upload)
            #expect(try await !database.uploads.abandon(upload))
            let image = try #require(try await database.images.find(upload.imageID))
            #expect(image.status == .queued && image.size == nil && image.locations.isEmpty)
            #expect(try await database.uploads.all().isEmpty)
            try await database.uploads.begin(Self.record(upload.imageID, "u2"))
            #expect(try await !database.uploads.abandon(upload))
            try await database.uploads.abort(upload)
            #expect(try await database.images.find(upload.imageID)?.status == .saving)
        }
    }

    @Test(arguments: Backend.allCases) func anImageDeletedDuringItsUploadStaysDeleted(backend: Backend)
        async throws
    {
        try await backend.withDatabase { database in
            let upload = Self.record(try await Self.queued(database))
            try await database.uploads.begin(upload)
            _ = try await database.images.delete(upload.imageID, to: .deleted, from: [.saving])
            await #expect(throws: DatabaseError.notFound) { try await Self.finish(database, upload) }
            #expect(try await database.uploads.all() == [upload], "the bytes are still to be removed")
            #expect(try await database.uploads.abandon(upload))
            try await database.uploads.abort(upload)
            #expect(try await database.uploads.all().isEmpty)
            #expect(try await database.images.find(upload.imageID, includingDeleted: true)?.status == .deleted)
        }
    }

    @Test(arguments: Backend.allCases) func oneSweeperTakesADeadUploadOver(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let upload = Self.record(try await Self.queued(database))
            try await database.uploads.begin(upload)
            let taken = await withTaskGroup(of: UploadRecord?.self) { group in
                for _ in 0..<6 {
                    group.addTask { try? await database.uploads.takeOver(upload, by: Self.sweeper) }
                }
                return await group.reduce(into: [UploadRecord]()) { if let record = $1 { $0.append(record) } }
            }
            #expect(taken.count == 1 && taken.first?.process == Self.sweeper)
            await #expect(throws: DatabaseError.conflict) { try await Self.finish(database, upload) }
            try await database.uploads.abort(upload)
            #expect(
                try await database.images.find(upload.imageID)?.status == .saving, "the old owner has no say any more")
            try await database.uploads.abort(try #require(taken.first))
            #expect(try await database.images.find(upload.imageID)?.status == .queued)
        }
    }

    @Test(arguments: Backend.allCases) func aRenewedUploadCannotBeTakenOver(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let upload = Self.record(try await Self.queued(database))
            try await database.uploads.begin(upload)
            try await database.uploads.renew(of: Self.sweeper)
            #expect(try await database.uploads.all() == [upload])
            try await database.uploads.renew(of: Self.here)
            #expect(try #require(try await database.uploads.all().first).lease.renewedAt > upload.lease.renewedAt)
            #expect(try await database.uploads.takeOver(upload, by: Self.sweeper) == nil)
            try await Self.finish(database, upload)
        }
    }

    @Test func aProcessKnowsWhetherAnotherLives() throws {
        let me = ProcessIdentity.current()
        #expect(me.pid == getpid() && me.startTime > 0 && me.host.contains("/"))
        #expect(me.isAlive() == true)
        var reused = me
        reused.startTime -= 1
        #expect(reused.isAlive() == false)
        var elsewhere = me
        elsewhere.host = "another/1"
        #expect(elsewhere.isAlive() == nil)
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/true")
        try child.run()
        let pid = child.processIdentifier
        child.waitUntilExit()
        #expect(ProcessIdentity(host: me.host, pid: pid, startTime: me.startTime).isAlive() == false)
    }
}
