import Authorization
import Foundation
import Identity
import ImageModel
import ImageService
import Notifications
import Processes
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageImport

/// The locations API: what it refuses, and what the importer makes of the rest. The data are on a real server.
@Suite struct LocationTests {

    /// Runs `body` with the URL of data on a server, and their SHA-256.
    private func withData(
        defaults: String = "", notifier: Notifier = .none,
        _ body: @Sendable (ImportHarness, LocationService, _ url: String, String) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            let (root, url) = (try server.setting("NGINX_ROOT"), try server.setting("NGINX_URL"))
            try Data("abc".utf8).write(to: URL(filePath: "\(root)/data"))
            try await ImportHarness.run(defaults: defaults, notifier: notifier) { test in
                try await body(
                    test, LocationService(test.imports, wakeImporter: {}), "\(url)/data",
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
            }
        }
    }

    @Test func anImageIsActiveAndHashed() async throws {
        let told = NotificationRecorder()
        try await withData(notifier: told.notifier) { test, locations, url, _ in
            let caller = await test.caller()
            let id = try await test.queued(by: caller)
            try await locations.add(LocationService.Draft(url: url), to: id, for: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .active && image.size == 3 && image.hashAlgorithm == "sha512")
            #expect(image.checksum == "900150983cd24fb0d6963f7d28e17f72")
            #expect(image.locations.map(\.url) == [url] && image.locations.first?.storeID == "web")
            let task = try await test.lastTask(of: id)
            #expect(task.type == "location_import" && task.status == .success)
            #expect(
                told.types == [
                    "image.create", "task.create", "task.run", "image.update", "task.processing", "image.update",
                    "image.update", "image.update", "task.success", "image.update",
                ])
            #expect(!told.notifications.contains { "\($0.payload)".contains(url) })
        }
    }

    @Test func aHashThatIsGivenIsCompared() async throws {
        try await withData { test, locations, url, hash in
            let caller = await test.caller()
            let right = try await test.queued(by: caller)
            try await locations.add(
                LocationService.Draft(url: url, validation: ("sha256", hash)), to: right, for: caller)
            let wrong = try await test.queued(by: caller)
            try await locations.add(
                LocationService.Draft(url: url, validation: ("sha256", String(hash.reversed()))), to: wrong, for: caller
            )
            try await test.finish(try test.importer())
            let image = try await test.image(right)
            #expect(image.status == .active && image.hashAlgorithm == "sha256" && image.hashValue == hash)
            let refused = try await test.image(wrong)
            #expect(refused.status == .queued && refused.locations.isEmpty && refused.hashValue == nil)
            #expect(try await test.lastTask(of: wrong).message.contains("os_hash_value"))
        }
    }

    /// The importer died when the location was there and the hash was not.
    @Test func hashingGoesOnAfterACrash() async throws {
        try await withData { test, locations, url, _ in
            let caller = await test.caller()
            let id = try await test.queued(by: caller)
            try await locations.add(LocationService.Draft(url: url), to: id, for: caller)
            let here = ProcessIdentity.current()
            let dead = ProcessIdentity(host: here.host, pid: here.pid, startTime: here.startTime - 1)
            let job = try #require(try await test.database.imports.all().first)
            let (taken, _) = try #require(try await test.database.imports.claim(job, by: dead))
            let image = try await test.image(id)
            var changed = image
            changed.size = 3
            changed.status = .active
            try await test.database.imports.attach(
                ImageLocation(url: url, metadata: ["store": "web"]), to: image, changed, by: taken)
            try await test.finish(try test.importer())
            let done = try await test.image(id)
            #expect(done.locations.count == 1 && done.checksum == "900150983cd24fb0d6963f7d28e17f72")
        }
    }

    @Test func withoutHashingWhatIsGivenIsBelieved() async throws {
        try await withData(defaults: "do_secure_hash = false") { test, locations, url, hash in
            let caller = await test.caller()
            let id = try await test.queued(by: caller)
            try await locations.add(
                LocationService.Draft(url: url, validation: ("sha256", hash)), to: id, for: caller)
            try await test.finish(try test.importer())
            let image = try await test.image(id)
            #expect(image.status == .active && image.hashValue == hash && image.checksum == nil)
        }
    }

    @Test("OSSN-0060, OSSN-0090, CVE-2022-4134: only services name data of other stores, and nobody restricted ones")
    func whatIsNotAllowedIsRefused() async throws {
        try await withData { test, locations, url, hash in
            let caller = await test.caller()
            let id = try await test.queued(by: caller)
            func refusal(_ draft: LocationService.Draft, by caller: Caller) async -> ServiceError? {
                await #expect(throws: ServiceError.self) { try await locations.add(draft, to: id, for: caller) }
            }
            let foreign = await refusal(LocationService.Draft(url: "rbd://a/b/c/d"), by: caller)
            #expect(foreign == .forbidden("Only services can add locations of other stores than http."))
            let service = await test.caller(roles: ["service", "member", "reader"])
            let file = await refusal(LocationService.Draft(url: "file:///etc/passwd"), by: service)
            #expect(file == .invalid("Invalid location"))
            let host = await refusal(LocationService.Draft(url: "http://169.254.169.254/x"), by: caller)
            #expect(host == .invalid("Invalid location"))
            for validation in [("sha123", hash), ("sha512", hash), ("sha256", "xyz")] {
                let wrong = await refusal(LocationService.Draft(url: url, validation: validation), by: caller)
                guard case .invalid? = wrong else {
                    Issue.record("\(String(describing: wrong))")
                    continue
                }
            }
            let stranger = await test.caller("theirs")
            await #expect(throws: AuthorizationError.imageNotFound(id: id)) {
                try await locations.add(LocationService.Draft(url: url), to: id, for: stranger)
            }
            // Members do not see where data are; services do.
            await #expect(throws: AuthorizationError.self) { _ = try await locations.locations(of: id, for: caller) }
            #expect(try await locations.locations(of: id, for: service) == [])
            // Nothing was queued by any of these.
            #expect(try await test.database.imports.all().isEmpty)
            #expect(try await test.image(id).status == .queued)
        }
    }
}
