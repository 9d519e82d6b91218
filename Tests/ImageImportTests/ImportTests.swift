import Foundation
import ImageModel
import ImageService
import ImageStore
import JSON
import NIOCore
import Processes
import Staging
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageImport

/// Imports from the request to what is left of them, on real stores and a real database.
@Suite struct ImportTests {
    private static let direct: JSONValue = ["name": "glance-direct"]
    private static let copy: JSONValue = ["name": "copy-image"]
    /// One store after the other, and side by side.
    private static let widths = ["", "[image_import_opts]\nmax_parallel_stores = 2"]

    @Test func stagedDataBecomeTheImage() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let bytes = Noise.bytes(3_000_001, seed: 1)
            let id = try await test.staged(bytes, by: caller)
            #expect(try await test.image(id).status == .uploading)
            #expect(try test.files("staging") == [id])
            try await test.ask(Self.direct, for: id, by: caller)
            let queued = try await test.image(id)
            #expect(queued.status == .importing)
            #expect(queued.properties["os_glance_importing_to_stores"] == "fast")
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .active && image.size == Int64(bytes.count) && image.virtualSize == image.size)
            #expect(image.properties["os_glance_import_task"] == nil)
            #expect(image.properties["os_glance_importing_to_stores"] == "")
            #expect(try test.bytes("fast/\(id)") == bytes)
            #expect(try test.files("staging") == [])
            let task = try await test.lastTask(of: id)
            #expect(task.status == .success && task.type == "api_image_import" && task.expiresAt != nil)
        }
    }

    /// A process that dies between giving the data their name and saying so leaves them; where another node on the same host,
    /// with a staging area of its own, is the first to see it dead, only the record goes.
    @Test func whatADeadUploadHasStagedIsInNoUploadsWay() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let bytes = Noise.bytes(300_001, seed: 1)
            let id = try await test.queued(by: caller)
            let staging = try #require(StagingDirectory(configuration: test.configuration))
            let dead = try await staging.makeFile(imageID: id, uploadID: "dead")
            try await dead.write([ByteBuffer(string: "cut off")])
            try await dead.commit()
            try await test.imports.stage(ImportHarness.body(bytes), for: id, expectedSize: nil, caller: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            try await test.finish(try test.importer())
            #expect(try test.bytes("fast/\(id)") == bytes)
            #expect(try test.files("staging") == [])
        }
    }

    /// One that was held until others took it for dead may not put its data in the place of its successor's.
    @Test func oneOfTwoStagedUploadsIsRefused() async throws {
        try await ImportHarness.run { test in
            let id = try await test.queued(by: await test.caller())
            let staging = try #require(StagingDirectory(configuration: test.configuration))
            let held = try await staging.makeFile(imageID: id, uploadID: "held")
            let successor = try await staging.makeFile(imageID: id, uploadID: "successor")
            try await held.write([ByteBuffer(string: "old")])
            try await successor.write([ByteBuffer(string: "new")])
            try await successor.commit()
            await #expect(throws: StoreError.duplicate) { try await held.commit() }
            #expect(try test.bytes("staging/\(id)") == Array("new".utf8))
        }
    }

    @Test func anActiveImageIsCopied() async throws {
        try await ImportHarness.run { test in
            let admin = await test.caller(roles: ["admin", "member", "reader"])
            let bytes = Noise.bytes(2_000_003, seed: 2)
            let id = try await test.queued(by: admin)
            try await test.service.upload(
                ImportHarness.body(bytes), to: id, store: "fast", expectedSize: nil, for: admin)
            try await test.ask(Self.copy, for: id, ["all_stores": true], by: admin)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.locations.compactMap(\.storeID) == ["fast", "slow"])
            #expect(try test.bytes("slow/\(id)") == bytes)
            // Nothing is left to do, which is no error.
            try await test.ask(Self.copy, for: id, ["all_stores": true], by: admin)
            #expect(try await test.database.imports.all().isEmpty)
            await #expect(throws: ServiceError.self) {
                try await test.ask(Self.copy, for: id, ["stores": ["slow"]], by: admin)
            }
        }
    }

    /// What a stop interrupts has not failed: whoever comes next goes on with it.
    @Test func aStopInTheMiddleOfADownloadIsNoFailure() async throws {
        try await withServer("nginx") { nginx in
            let bytes = Noise.bytes(30 << 20, seed: 3)
            try Data(bytes).write(to: URL(filePath: try nginx.setting("NGINX_ROOT") + "/large"))
            let source: JSONValue = .string(try nginx.setting("NGINX_URL") + "/slow/large")
            let step = "[image_import_opts]\nimage_import_plugins = [inject_image_metadata]"
            for options in ["", step] {
                try await ImportHarness.run(options: options) { test in
                    let caller = await test.caller()
                    let id = try await test.queued(by: caller)
                    try await test.ask(["name": "web-download", "uri": source], for: id, by: caller)
                    let first = try test.importer()
                    try await first.look()
                    while try test.files("staging").isEmpty && test.files("fast").isEmpty { await Task.yield() }
                    await first.stop()
                    #expect(try await test.image(id).status == .importing)
                    let job = try #require(try await test.database.imports.all().first)
                    #expect(job.isWaiting && job.attempts == 0)
                    try await test.finish(try test.importer())
                    #expect(try await test.image(id).status == .active)
                    #expect(try test.bytes("fast/\(id)") == bytes)
                    #expect(try test.files("staging") == [])
                }
            }
        }
    }

    @Test func storesAreWrittenSideBySide() async throws {
        try await withServer("nginx") { nginx in
            let bytes = Noise.bytes(30 << 20, seed: 5)
            try Data(bytes).write(to: URL(filePath: try nginx.setting("NGINX_ROOT") + "/large"))
            let source = try nginx.setting("NGINX_URL") + "/slow/large"
            try await ImportHarness.run(options: Self.widths[1]) { test in
                let admin = await test.caller(roles: ["admin", "member", "reader"])
                let id = UUID().uuidString.lowercased()
                try await test.database.images.insert(
                    Image(
                        id: id, status: .active, owner: "mine", size: Int64(bytes.count), diskFormat: "raw",
                        containerFormat: "bare", locations: [ImageLocation(url: source, metadata: ["store": "web"])]))
                try await test.ask(Self.copy, for: id, ["stores": ["fast", "slow"]], by: admin)
                let importer = try test.importer()
                try await importer.look()
                while try test.files("fast").isEmpty || test.files("slow").isEmpty {
                    try #require(importer.load.count == 1)
                    await Task.yield()
                }
                #expect(importer.load.expected == Int64(2 * bytes.count))
                try await test.finish(importer)
                let image = try await test.image(id)
                #expect(Set(image.locations.compactMap(\.storeID)) == ["web", "fast", "slow"])
                #expect(try test.bytes("fast/\(id)") == bytes)
                #expect(try test.bytes("slow/\(id)") == bytes)
                #expect(image.properties["os_glance_importing_to_stores"] == "")
            }
        }
    }

    @Test("CVE-2014-9684, CVE-2015-1881, CVE-2015-3289: an import that fails leaves no data behind", arguments: widths)
    func whatFailsLeavesAQueuedImageAndItsReason(options: String) async throws {
        try await ImportHarness.run(options: options) { test in
            let caller = await test.caller()
            let id = try await test.staged([1, 2, 3], by: caller)
            try FileManager.default.removeItem(atPath: test.directory + "/slow")
            try await test.ask(Self.direct, for: id, ["all_stores": true], by: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .queued && image.size == nil && image.checksum == nil && image.locations.isEmpty)
            #expect(image.properties["os_glance_import_failure"] == "The image store failed.")
            #expect(image.properties["os_glance_failed_import"] == "fast,slow")
            #expect(try test.files("staging") == [])
            #expect(try test.files("fast") == [])
            let task = try await test.lastTask(of: id)
            #expect(task.status == .failure && task.message == "The image store failed.")
            // The reason is the owner's to know.
            let admin = await test.caller("another", roles: ["admin", "reader"])
            #expect(try await test.service.show(id, for: admin).properties["os_glance_import_failure"] != nil)
        }
    }

    @Test(arguments: widths) func whatSomeStoresTakeIsEnoughWhereTheClientSaysSo(options: String) async throws {
        try await ImportHarness.run(options: options) { test in
            let caller = await test.caller()
            let id = try await test.staged([1, 2, 3], by: caller)
            try FileManager.default.removeItem(atPath: test.directory + "/fast")
            try await test.ask(
                Self.direct, for: id, ["all_stores": true, "all_stores_must_succeed": false], by: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .active && image.locations.compactMap(\.storeID) == ["slow"])
            #expect(image.properties["os_glance_failed_import"] == "fast")
        }
    }

    /// A job whose importer is dead is anybody's; what it has done already is not done again.
    @Test func anImportOutlivesItsImporter() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let bytes = Noise.bytes(500_000, seed: 3)
            let id = try await test.staged(bytes, by: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            let job = try #require(try await test.database.imports.all().first)
            let here = ProcessIdentity.current()
            let dead = ProcessIdentity(host: here.host, pid: here.pid, startTime: here.startTime - 1)
            #expect(try await test.database.imports.claim(job, by: dead) != nil)
            // Of two that want it, one gets it.
            #expect(try await test.database.imports.claim(job, by: here) == nil)
            try await test.finish(try test.importer())
            #expect(try await test.image(id).status == .active)
            #expect(try test.bytes("fast/\(id)") == bytes)
        }
    }

    @Test func aJobThatKillsItsImportersIsGivenUp() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged([1], by: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            let here = ProcessIdentity.current()
            for death in 1...2 {
                let job = try #require(try await test.database.imports.all().first)
                let dead = ProcessIdentity(host: here.host, pid: here.pid, startTime: here.startTime - Int64(death))
                #expect(try await test.database.imports.claim(job, by: dead) != nil)
            }
            try await test.finish(try test.importer())
            #expect(try await test.image(id).status == .queued)
            #expect(try await test.lastTask(of: id).message.contains("died of this import 2 times"))
            #expect(try test.files("staging") == [])
        }
    }

    /// Its importers died, but not before the store had the data.
    @Test func aJobWhoseDataAreThereIsNotGivenUp() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged([1], by: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            let here = ProcessIdentity.current()
            var job: ImportJob?
            for death in 1...2 {
                let waiting = try #require(try await test.database.imports.all().first)
                let dead = ProcessIdentity(host: here.host, pid: here.pid, startTime: here.startTime - Int64(death))
                job = try await test.database.imports.claim(waiting, by: dead)?.job
            }
            let path = "\(test.directory)/fast/\(id)"
            try Data([1]).write(to: URL(filePath: path))
            let image = try await test.image(id)
            var complete = image
            complete.status = .active
            complete.size = 1
            try await test.database.imports.attach(
                ImageLocation(url: "file://\(path)", metadata: ["store": "fast"]), to: image, complete,
                by: try #require(job))
            try await test.finish(try test.importer())
            #expect(try await test.image(id).status == .active)
            #expect(try await test.lastTask(of: id).status == .success)
            #expect(try test.files("staging") == [])
        }
    }

    @Test func aDeletedImageIsNotImported() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged([1, 2], by: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            try await test.service.delete(id, for: caller)
            try await test.finish(try test.importer())
            #expect(try test.files("staging") == [] && test.files("fast") == [])
            #expect(try await test.lastTask(of: id).status == .failure)
        }
    }

    /// One import of an image at a time; a lock that nobody has worked under for an hour is broken.
    @Test func theLockHoldsUntilItIsStale() async throws {
        try await ImportHarness.run { test in
            let admin = await test.caller(roles: ["admin", "member", "reader"])
            let id = try await test.queued(by: admin)
            try await test.service.upload(
                ImportHarness.body([1, 2]), to: id, store: "fast", expectedSize: nil, for: admin)
            try await test.ask(Self.copy, for: id, ["stores": ["slow"]], by: admin)
            await #expect(throws: ServiceError.conflict("Image has active task")) {
                try await test.ask(Self.copy, for: id, ["stores": ["slow"]], by: admin)
            }
            let first = try await test.lastTask(of: id)
            try await test.database.session.write([
                Statement(
                    "UPDATE tasks SET updated_at = $1 WHERE id = $2",
                    [.time(first.updatedAt.advanced(bySeconds: -7300)), .text(first.id)])
            ])
            try await test.ask(Self.copy, for: id, ["stores": ["slow"]], by: admin)
            try await test.finish(try test.importer())
            #expect(try await test.image(id).locations.count == 2)
            #expect(try await test.database.tasks.find(first.id, owner: nil)?.status == .failure)
        }
    }

    @Test func dataComeFromTheWeb() async throws {
        try await withServer("nginx") { server in
            let (root, url) = (try server.setting("NGINX_ROOT"), try server.setting("NGINX_URL"))
            let bytes = Noise.bytes(1_234_567, seed: 4)
            try Data(bytes).write(to: URL(filePath: "\(root)/image"))
            try await ImportHarness.run { test in
                let caller = await test.caller()
                let id = try await test.queued(by: caller)
                try await test.ask(["name": "web-download", "uri": .string("\(url)/image")], for: id, by: caller)
                let missing = try await test.queued(by: caller)
                try await test.ask(
                    ["name": "web-download", "uri": .string("\(url)/missing")], for: missing, by: caller)
                try await test.finish(try test.importer())
                #expect(try await test.image(id).status == .active)
                #expect(try test.bytes("fast/\(id)") == bytes)
                #expect(try await test.image(missing).status == .queued)
                let reason = try await test.lastTask(of: missing).message
                #expect(reason == "The data could not be got from the given source.")
                #expect(try test.files("staging") == [])
            }
        }
    }

    @Test("OSSN-0105: tasks of the old API go through the filter of URLs, too")
    func oldTasksAreFiltered() async throws {
        try await ImportHarness.run { test in
            for url in ["http://169.254.169.254/x", "file:///etc/passwd", "http://0x7f000001/", ""] {
                let error = await #expect(throws: ServiceError.self) { try await test.imports.checkSource(url) }
                guard case .invalid? = error else {
                    Issue.record("\(url): \(String(describing: error))")
                    continue
                }
            }
        }
    }

    /// A task of the old API makes an image of its own.
    @Test func anOldTaskMakesAnImage() async throws {
        try await withServer("nginx") { server in
            let (root, url) = (try server.setting("NGINX_ROOT"), try server.setting("NGINX_URL"))
            try Data([1, 2, 3]).write(to: URL(filePath: "\(root)/old"))
            try await ImportHarness.run { test in
                let admin = await test.caller(roles: ["admin", "member", "reader"])
                let task = try await test.tasks.create(
                    type: "import",
                    input: [
                        "import_from": .string("\(url)/old"), "import_from_format": "raw",
                        "image_properties": [
                            "name": "old", "disk_format": "raw", "container_format": "bare", "a": "b",
                        ],
                    ], for: admin)
                try await test.finish(try test.importer())
                let done = try await test.tasks.task(task.id, for: admin)
                #expect(done.status == .success)
                let image = try await test.image(try #require(done.imageID))
                #expect(image.status == .active && image.name == "old" && image.properties["a"] == "b")
                #expect(done.result?["image_id"]?.stringValue == image.id)
            }
        }
    }

    /// What the database can't store it can't store a second later either.
    @Test func aTaskThatCannotBeStoredFails() async throws {
        try await withServer("postgresql") { server in
            let url = try server.setting("POSTGRESQL_URL") + "/postgres"
            try await ImportHarness.run(database: url) { test in
                let admin = await test.caller(roles: ["admin", "member", "reader"])
                let task = try await test.tasks.create(
                    type: "import",
                    input: [
                        "import_from": "http://127.0.0.1/", "import_from_format": "raw",
                        "image_properties": [
                            "name": .string(String(repeating: "n", count: 300)), "disk_format": "raw",
                            "container_format": "bare",
                        ],
                    ], for: admin)
                try await test.finish(try test.importer())
                let done = try await test.tasks.task(task.id, for: admin)
                #expect(done.status == .failure && done.message == InvalidValue.tooLong.reason)
            }
        }
    }

    /// An upload of this process into the store `fast`.
    private static func recordUpload(_ uploadID: String, of id: String, in test: ImportHarness) async throws {
        let here = ProcessIdentity.current()
        try await test.database.session.write([
            Statement(
                """
                INSERT INTO glance_uploads (image_id, upload_id, store_id, host, pid, start_time, renewed_at) \
                VALUES ($1, $2, 'fast', $3, $4, $5, $6)
                """,
                [
                    .text(id), .text(uploadID), .text(here.host), .integer(Int64(here.pid)), .integer(here.startTime),
                    .time(.now),
                ])
        ])
    }

    /// What could not be removed when an import failed, of a store that was away for instance, is removed as soon as it is in
    /// the next one's way.
    @Test func whatAFailedImportHasLeftGoesFirst() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged([1], by: caller)
            let store = try #require(test.service.stores["fast"])
            let left = try await store.makeWriter(
                for: StoreUpload(imageID: id, uploadID: "left"), expectedSize: nil, context: .service)
            try await left.write([ByteBuffer(bytes: [9])])
            try await Self.recordUpload("left", of: id, in: test)
            test.service.uploads.leaveUnfinished()
            try await test.ask(Self.direct, for: id, by: caller)
            try await test.finish(try test.importer())
            #expect(try await test.image(id).status == .active)
            #expect(try test.bytes("fast/\(id)") == [1] && test.files("fast") == [id])
            _ = left
        }
    }

    /// Also a job that is long at a step, without a byte that moves: its lock must not be taken for stale.
    @Test func aRunningImportShowsThatItLives() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.staged([1], by: caller)
            try await test.ask(Self.direct, for: id, by: caller)
            let importer = try test.importer()
            // While the record of an upload is in the way, the import waits.
            try await Self.recordUpload("other", of: id, in: test)
            try await importer.look()
            let task = try await test.lastTask(of: id)
            let long = task.updatedAt.advanced(bySeconds: -3000)
            try await test.database.session.write([
                Statement("UPDATE tasks SET updated_at = $1 WHERE id = $2", [.time(long), .text(task.id)])
            ])
            try await importer.report()
            #expect(try await test.lastTask(of: id).updatedAt > long)
            try await test.database.session.write([
                Statement("DELETE FROM glance_uploads WHERE upload_id = 'other'", [])
            ])
            try await test.finish(importer)
            #expect(try await test.image(id).status == .active)
        }
    }

    @Test(arguments: [
        (#"{}"#, "method"), (#"{"method": {}}"#, "name"), (#"{"method": {"name": "x"}}"#, "Unknown import method"),
        (#"{"method": {"name": "copy-image"}, "all_stores": 1}"#, "boolean"),
        (#"{"method": {"name": "copy-image"}, "all_stores_must_succeed": "no"}"#, "boolean"),
        (#"{"method": {"name": "copy-image"}, "stores": "fast"}"#, "list"), (#"[]"#, "object"),
        (#"{"method": {"name": "glance-download"}}"#, "glance_region"),
    ])
    func requestsThatMeanNothingAreRefused(_ body: String, _ reason: String) throws {
        let error = #expect(throws: ServiceError.self) {
            try ImportRequest(try JSONValue.parse(body.utf8), enabled: ImportRequest.methods)
        }
        #expect(error?.text.contains(reason) == true)
    }

    @Test func statesThatDoNotFitAreConflicts() async throws {
        try await ImportHarness.run { test in
            let caller = await test.caller()
            let id = try await test.queued(by: caller)
            for method in [Self.direct, Self.copy] {
                let error = await #expect(throws: ServiceError.self) {
                    try await test.ask(method, for: id, by: caller)
                }
                #expect(error?.isConflict == true, "\(String(describing: error))")
            }
            let staged = try await test.staged([1], by: caller)
            await #expect(throws: ServiceError.self) {
                try await test.ask(["name": "web-download", "uri": "http://127.0.0.1/"], for: staged, by: caller)
            }
            let again = await #expect(throws: ServiceError.self) {
                try await test.imports.stage(
                    ImportHarness.body([1]), for: staged, expectedSize: nil, caller: caller)
            }
            #expect(again?.isConflict == true, "\(String(describing: again))")
            // Too short for what was announced: nothing is left, and the image can be staged again.
            let other = try await test.queued(by: caller)
            await #expect(throws: ServiceError.self) {
                try await test.imports.stage(ImportHarness.body([1]), for: other, expectedSize: 5, caller: caller)
            }
            #expect(try await test.image(other).status == .queued)
            #expect(try test.files("staging") == [staged])
        }
    }
}

extension ServiceError {
    fileprivate var isConflict: Bool { if case .conflict = self { true } else { false } }
}
