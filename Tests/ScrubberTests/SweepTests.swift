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

@Suite struct SweepTests {
    /// A process of this machine that has ended.
    private static func deadProcess() throws -> ProcessIdentity {
        let child = Process()
        child.executableURL = URL(filePath: "/bin/true")
        try child.run()
        let pid = child.processIdentifier
        child.waitUntilExit()
        return ProcessIdentity(host: ProcessIdentity.current().host, pid: pid, startTime: 1)
    }

    private static func beginUpload(_ fixture: Fixture, by process: ProcessIdentity) async throws -> UploadRecord {
        let upload = UploadRecord(
            imageID: UUIDText.random(), uploadID: "u1", storeID: "local", process: process)
        try await fixture.database.images.insert(Image(id: upload.imageID))
        try await fixture.database.uploads.begin(upload)
        try fixture.write("\(fixture.images)/.\(upload.imageID).u1.part", secondsAgo: 0)
        return upload
    }

    @Test(arguments: Backend.allCases) func uploadsOfDeadProcessesEnd(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            let dead = try await Self.beginUpload(fixture, by: try Self.deadProcess())
            let published = try await Self.beginUpload(fixture, by: try Self.deadProcess())
            try FileManager.default.linkItem(
                atPath: "\(fixture.images)/.\(published.imageID).u1.part", toPath: fixture.file(published.imageID))
            // Nobody who does not have the store takes a record, and nobody touches what another upload has stored.
            let foreign = UploadRecord(
                imageID: UUIDText.random(), uploadID: "u1", storeID: "elsewhere", process: try Self.deadProcess())
            try await fixture.database.images.insert(Image(id: foreign.imageID))
            try await fixture.database.uploads.begin(foreign)
            let replaced = try await Self.beginUpload(fixture, by: try Self.deadProcess())
            try fixture.write(fixture.file(replaced.imageID), secondsAgo: 0)
            let living = try await Self.beginUpload(fixture, by: .current())
            let elsewhere = try await Self.beginUpload(fixture, by: .init(host: "other/1", pid: 5, startTime: 5))
            let node = ProcessIdentity(host: ProcessIdentity.current().host, pid: 1, startTime: 1)
            try await fixture.scrubber(process: node).recoverFromDeadProcesses()
            for upload in [dead, published] {
                #expect(try await fixture.status(upload.imageID) == .queued)
                #expect(!fixture.hasFile(upload.imageID))
            }
            for upload in [living, elsewhere, foreign] {
                #expect(try await fixture.status(upload.imageID) == .saving)
            }
            #expect(
                try fixture.stored() == [
                    ".\(living.imageID).u1.part", ".\(elsewhere.imageID).u1.part", replaced.imageID,
                ])
            #expect(fixture.log.occurrences(of: .uploadRecovered).count == 3)
            // The other host stays silent for too long.
            try await fixture.execute(
                "UPDATE glance_uploads SET renewed_at = $1 WHERE host = 'other/1'",
                .time(.now.advanced(bySeconds: -400)))
            try await fixture.scrubber(process: node).recoverFromDeadProcesses()
            #expect(try await fixture.status(elsewhere.imageID) == .queued)
            #expect(try await Set(fixture.database.uploads.all().map(\.imageID)) == [living.imageID, foreign.imageID])
        }
    }

    @Test(arguments: Backend.allCases) func claimsOfTheDeadEndThoseOfTheLivingAreRenewed(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            var images: [String] = []
            for _ in 0..<4 {
                images.append(try await fixture.addImage())
                try await fixture.markPending(images[images.count - 1])
            }
            let scrubber = fixture.scrubber()
            let old = Timestamp.now.advanced(bySeconds: -200)
            let owners = [
                try Self.deadProcess(), scrubber.process, scrubber.process,
                .init(host: "other/1", pid: 5, startTime: 5),
            ]
            for (id, owner) in zip(images, owners) {
                _ = try await fixture.database.scrubs.claim(of: id, deletedBefore: .now, by: owner)
            }
            try await fixture.execute("UPDATE glance_scrubs SET renewed_at = $1", .time(old))
            // Our own that we know nothing of are leftovers of a time when the database was away.
            scrubber.active.insert(images[1])
            try await scrubber.recoverFromDeadProcesses()
            let claims = try await fixture.database.scrubs.all()
            #expect(Set(claims.map(\.imageID)) == [images[1], images[3]])
            #expect(try #require(claims.first { $0.imageID == images[1] }).lease.renewedAt > old)
        }
    }

    @Test(arguments: Backend.allCases) func imagesThatNobodyUploadsOrImportsAreQueuedAgain(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend, "stuck_image_timeout = 1000") { fixture in
            func image(_ status: ImageStatus, secondsAgo: Int64, task: Int64? = nil) async throws -> String {
                let time = Timestamp.now.advanced(bySeconds: -secondsAgo)
                let id = UUIDText.random()
                var properties: [String: String?] = ["color": "blue"]
                if let task {
                    let taskTime = SQLValue.time(.now.advanced(bySeconds: -task))
                    try await fixture.execute(
                        """
                        INSERT INTO tasks (id, type, status, owner, created_at, updated_at, deleted) \
                        VALUES ($1, 'api_image_import', 'processing', 'p', $2, $2, false)
                        """, .text("t" + id.dropFirst()), taskTime)
                    try await fixture.execute(
                        "INSERT INTO task_info (task_id) VALUES ($1)", .text("t" + id.dropFirst()))
                    properties["os_glance_import_task"] = "t" + id.dropFirst()
                    properties["os_glance_importing_to_stores"] = "local"
                }
                try await fixture.database.images.insert(
                    Image(
                        id: id, status: status, size: 5, createdAt: time, properties: properties,
                        locations: status == .importing ? [fixture.location(id)] : []))
                try fixture.write(fixture.file(id), secondsAgo: secondsAgo)
                return id
            }
            let saving = try await image(.saving, secondsAgo: 2000)
            let fresh = try await image(.saving, secondsAgo: 500)
            let importing = try await image(.importing, secondsAgo: 2000, task: 1500)
            let busy = try await image(.importing, secondsAgo: 2000, task: 10)
            let staged = try await image(.uploading, secondsAgo: 2000)
            try fixture.stage(staged, secondsAgo: 2000)
            let staging = try await image(.uploading, secondsAgo: 2000)
            try fixture.stage(staging, secondsAgo: 1)

            try await fixture.scrubber().sweepRows()
            for id in [saving, importing, staged] {
                let image = try #require(try await fixture.database.images.find(id))
                #expect(image.status == .queued && image.size == nil && image.locations.isEmpty)
                #expect(image.properties["color"] == "blue" && image.properties["os_glance_import_task"] == nil)
                #expect(!fixture.hasFile(id))
            }
            for id in [fresh, busy, staging] {
                #expect(try await fixture.status(id) != .queued)
                #expect(fixture.hasFile(id))
            }
            #expect(try fixture.staged() == [staging])
            let tasks = try await fixture.database.session.read(
                Statement("SELECT status FROM tasks ORDER BY updated_at"))[0].firstColumn()
            #expect(tasks == ["processing", "failure"] || tasks == ["failure", "processing"])
            #expect(
                try await fixture.database.images.find(importing)?.properties["os_glance_importing_to_stores"] == "")
            #expect(try await fixture.database.uploads.all().isEmpty)
            #expect(fixture.log.occurrences(of: .imageRequeued).count == 3)
        }
    }

    @Test func stuckImagesCanBeLeftAlone() async throws {
        try await Fixture.with(.sqlite, "stuck_image_timeout = 0") { fixture in
            try await fixture.database.images.insert(
                Image(id: "a", status: .saving, createdAt: .now.advanced(bySeconds: -10_000_000)))
            try await fixture.scrubber().sweepRows()
            #expect(try await fixture.status("a") == .saving)
        }
    }

    @Test(arguments: Backend.allCases) func filesThatNobodyWaitsForGo(backend: Backend) async throws {
        try await Fixture.with(backend, "stuck_image_timeout = 5000") { fixture in
            func image(_ status: ImageStatus, _ properties: [String: String?] = [:]) async throws -> String {
                let id = UUIDText.random()
                try await fixture.database.images.insert(
                    Image(
                        id: id, status: status, createdAt: .now.advanced(bySeconds: -9000), properties: properties))
                return id
            }
            let (unknown, young) = (UUIDText.random(), UUIDText.random())
            let (uploading, active) = (try await image(.uploading), try await image(.active))
            let copying = try await image(.active, ["os_glance_import_task": "t"])
            let deleted = try await image(.queued)
            _ = try await fixture.database.images.delete(deleted, to: .deleted, from: [.queued])
            for name in [unknown, uploading, active, copying, deleted, deleted + ".qcow2", "readme"] {
                try fixture.stage(name, secondsAgo: 7000)
            }
            try fixture.stage(young, secondsAgo: 10)
            let (lost, recent) = (".\(unknown).u1.part", ".\(young).u1.part")
            try fixture.write("\(fixture.images)/\(lost)", secondsAgo: 7000)
            try fixture.write("\(fixture.images)/\(recent)", secondsAgo: 10)
            // Its record says that somebody still has to decide about its data.
            let undecided = try await Self.beginUpload(fixture, by: try Self.deadProcess())
            let part = ".\(undecided.imageID).u1.part"
            try fixture.write("\(fixture.images)/\(part)", secondsAgo: 7000)
            let stored = try await fixture.addImage()

            try await fixture.scrubber().sweepFiles()
            #expect(try fixture.staged() == [uploading, copying, "readme", young])
            #expect(try fixture.stored() == [recent, part, stored])
            #expect(fixture.log.occurrences(of: .staleFileRemoved).count == 5)
        }
    }

    @Test func aDataDirectoryIsNeverTakenForTheStagingDirectory() async throws {
        try await Fixture.with(.sqlite) { fixture in
            let id = UUIDText.random()
            try fixture.write(fixture.file(id), secondsAgo: 100_000)
            try FileManager.default.removeItem(atPath: fixture.staging)
            try FileManager.default.createSymbolicLink(
                atPath: fixture.staging, withDestinationPath: fixture.images)
            let scrubber = fixture.scrubber()
            #expect(scrubber.staging == nil)
            try await scrubber.sweepFiles()
            #expect(fixture.hasFile(id))
        }
    }

    @Test(arguments: Backend.allCases) func dataOfDeletedImagesAndRemovedLocationsGoAfterAWhile(
        backend: Backend
    ) async throws {
        try await Fixture.with(backend) { fixture in
            let (deleted, recent) = (try await fixture.addImage(), try await fixture.addImage())
            for id in [deleted, recent] {
                _ = try await fixture.database.images.delete(id, to: .deleted, from: [.active])
            }
            try await fixture.age(deleted, by: 120)
            // A location taken from a live image, whose data another image uses.
            let live = try await fixture.addImage()
            let shared = try await fixture.addImage(locations: [fixture.location(live)])
            try await fixture.execute(
                """
                UPDATE image_locations SET status = 'pending_delete', deleted = true, deleted_at = $1 WHERE image_id = $2
                """, .time(.now.advanced(bySeconds: -120)), .text(live))
            try await fixture.scrubber().sweepRows()
            #expect(!fixture.hasFile(deleted) && fixture.hasFile(recent) && fixture.hasFile(live))
            #expect(try await fixture.locationStates(deleted) == ["deleted"])
            #expect(try await fixture.locationStates(recent) == ["pending_delete"])
            #expect(try await fixture.locationStates(live) == ["deleted"])
            #expect(try await fixture.locationStates(shared) == ["active"])
        }
    }

    @Test(arguments: Backend.allCases) func tasksExpire(backend: Backend) async throws {
        try await Fixture.with(backend) { fixture in
            for (id, seconds) in [("past", -10), ("future", 1000)] {
                try await fixture.execute(
                    """
                    INSERT INTO tasks (id, type, status, owner, expires_at, created_at, deleted) \
                    VALUES ($1, 'import', 'success', 'p', $2, $2, false)
                    """, .text(id), .time(.now.advanced(bySeconds: Int64(seconds))))
            }
            try await fixture.execute(
                """
                INSERT INTO tasks (id, type, status, owner, created_at, deleted) \
                VALUES ('endless', 'import', 'success', 'p', $1, false)
                """, .time(.now))
            try await fixture.scrubber().sweepRows()
            let live = try await fixture.database.session.read(
                Statement("SELECT id FROM tasks WHERE NOT deleted ORDER BY id"))
            #expect(live[0].firstColumn() == ["endless", "future"])
            #expect(fixture.log.occurrences(of: .tasksExpired).count == 1)
        }
    }
}
