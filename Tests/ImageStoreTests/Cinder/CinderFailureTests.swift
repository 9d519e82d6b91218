import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

@testable import CinderDriver

/// What can go wrong between the store `cinder` and Cinder, and what becomes of it.
@Suite struct CinderFailureTests {
    private typealias Kind = CinderTestStore.Kind
    private static let bytes = Noise.bytes(3_000_000, seed: 33)

    // MARK: Volumes that cannot be attached

    /// Types, and what the error says.
    @Test(arguments: [
        ("encrypted", Kind.rbd, "encrypted by its type (encrypted)"),
        ("qcow2", .nfs, "a file of the format qcow2"),
        ("iscsi", .rbd, "volumes of the type iscsi are of the kind 'iscsi'"),
    ])
    func refusesVolumesThatItCannotWrite(_ type: String, _ kind: CinderTestStore.Kind, _ reason: String) async throws {
        let change = { @Sendable (settings: inout CinderSettings) in settings.volumeType = type }
        try await CinderTestStore.with(kind, change) { test async throws in
            let error = await #expect(throws: StoreError.self) { try await test.store.add("image", [1]) }
            guard case .backend(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(reason))
            #expect(try await test.volumes().isEmpty)
        }
    }

    @Test func aMissingMountHelperIsAnOutageWithAnAdvice() async throws {
        let change = { @Sendable (settings: inout CinderSettings) in
            settings.volumeType = "nfs"
        }
        try await CinderTestStore.with(.rbd, change) { test async throws in
            let error = await #expect(throws: StoreError.self) { try await test.store.add("image", [1]) }
            #expect(error?.isOutage == true)
            #expect(error?.text?.contains("systemctl enable --now openstack-glance-mount.socket") == true)
            #expect(try await test.volumes().isEmpty)
        }
    }

    /// Cinder's service may be another tenant's of the file server: a volume's file is a file, and in the export.
    @Test func aSymbolicLinkIsNoVolume() async throws {
        try await CinderTestStore.with(.nfs) { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            let export = try test.server.setting("CINDER_EXPORT").split(separator: ":", maxSplits: 1)[1]
            let file = "\(export)/volume-\(try CinderLocation(url: location.url).volumeID)"
            try FileManager.default.moveItem(atPath: file, toPath: file + ".kept")
            try FileManager.default.createSymbolicLink(atPath: file, withDestinationPath: file + ".kept")
            let error = await #expect(throws: StoreError.self) { try await test.store.read(location) }
            #expect(error?.isOutage == true)
            try FileManager.default.removeItem(atPath: file)
            try FileManager.default.moveItem(atPath: file + ".kept", toPath: file)
            #expect(try await test.store.read(location) == Self.bytes)
        }
    }

    // MARK: Outages

    @Test(arguments: CinderTestStore.Kind.allCases)
    func anUploadSurvivesARestartOfCinder(_ kind: CinderTestStore.Kind) async throws {
        try await CinderTestStore.with(kind) { test async throws in
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 3_000_000)
            try await writer.write(ByteBuffer(bytes: Self.bytes[..<1_000_000]))
            try await test.server.stop()
            try await writer.write(ByteBuffer(bytes: Self.bytes[1_000_000..<2_000_000]))
            try await test.server.start()
            try await writer.write(ByteBuffer(bytes: Self.bytes[2_000_000...]))
            let location = try await writer.commit()
            #expect(try await test.store.read(location) == Self.bytes)
        }
    }

    /// Cinder comes back after the last byte: then the volume is given back to it.
    @Test(arguments: CinderTestStore.Kind.allCases)
    func aDownloadSurvivesARestartOfCinder(_ kind: CinderTestStore.Kind) async throws {
        try await CinderTestStore.with(kind) { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            #expect(try await Self.readInAnOutage(test, location) == Self.bytes)
            try await test.server.start()
            try await test.wait(for: "available")
            try await test.store.delete(location)
        }
    }

    /// Nothing holds the volume any more when it returns.
    private static func readInAnOutage(_ test: CinderTestStore, _ location: ImageLocation) async throws -> [UInt8] {
        let content = try await test.store.open(location, range: nil)
        try await test.server.stop()
        return try await content.bytes()
    }

    @Test func anUploadSurvivesTheEndOfItsToken() async throws {
        try await CinderTestStore.with { test async throws in
            let name = "renewed-\(UUID().uuidString)"
            let user = try await test.makeUser(name)
            var settings = test.settings
            settings.account?.credentials = .password(.name(name, .id("default")), password: "first")
            let store = try CinderTestStore.store(settings)
            try await TestStore.finally(store) {
                try await store.prepare()
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 3_000_000)
                try await writer.write(ByteBuffer(bytes: Self.bytes))
                try await test.revokeTokens(ofUser: user, password: "first")
                let location = try await writer.commit()
                #expect(try await store.read(location) == Self.bytes)
            }
        }
    }

    // MARK: Quotas

    @Test func aFullQuotaOfVolumesIsNoOutage() async throws {
        try await CinderTestStore.with { test async throws in
            try await test.setQuota(["volumes": 0])
            await #expect(throws: StoreError.full) { try await test.store.add("image", [1]) }
            #expect(try await test.volumes().isEmpty)
        }
    }

    /// The volume was made, and cannot grow.
    @Test func aQuotaMayEndInTheMiddleOfAnUpload() async throws {
        try await CinderTestStore.with(.nfs) { test async throws in
            try await test.setQuota(["gigabytes": 1])
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            let block = ByteBuffer(bytes: [UInt8](repeating: 1, count: 1 << 24))
            await #expect(throws: StoreError.full) {
                for _ in 0..<66 { try await writer.write(block) }
                _ = try await writer.commit()
            }
            await writer.cancel()
            #expect(try await test.volumes().isEmpty)
        }
    }

    // MARK: Killed readers

    /// What a reader that is killed leaves: a volume that is in use, by an attachment that nobody will end.
    private static func leaveAttached(_ test: CinderTestStore, _ location: ImageLocation) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [
                values = test.server.settings as [String: String], project = test.project as String,
                url = location.url as String
            ] in
            let store = try CinderTestStore.store(CinderTestStore.settings(values, project: project))
            let content = try await store.open(ImageLocation(url: url), range: nil)
            guard case .stream(_, let chunks) = content else { return }
            for try await _ in chunks {
                kill(getpid(), SIGKILL)
                while true { try await Task.sleep(for: .seconds(1)) }
            }
        }
        #expect(try await test.volumes().first?["status"].string == "in-use")
    }

    @Test func anImageCanBeReadWhoseReaderWasKilled() async throws {
        try await CinderTestStore.with { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            try await Self.leaveAttached(test, location)
            #expect(try await test.store.read(location) == Self.bytes)
            try await test.wait(for: "available")
        }
    }

    @Test func anImageCanBeDeletedWhoseReaderWasKilled() async throws {
        try await CinderTestStore.with { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            try await Self.leaveAttached(test, location)
            // Ceph notices after some seconds that whoever had the image open is gone.
            while true {
                do {
                    try await test.store.delete(location)
                    break
                } catch StoreError.inUse {}
            }
            #expect(try await test.volumes().isEmpty)
        }
    }

    @Test func theScrubberFreesVolumesWhoseReadersWereKilled() async throws {
        try await CinderTestStore.with { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            try await Self.leaveAttached(test, location)
            #expect(try await test.store.leftovers(minimumAge: .zero) == [])
            try await test.wait(for: "available")
            // One that somebody has is left alone.
            let content = try await test.store.open(location, range: nil)
            #expect(try await test.store.leftovers(minimumAge: .zero) == [])
            #expect(try await test.volumes().first?["status"].string == "in-use")
            #expect(try await content.bytes() == Self.bytes)
        }
    }
}

extension CinderTestStore {
    /// Waits until the only volume is in a state.
    func wait(for status: String) async throws {
        while try await volumes().first?["status"].string != status { try await Task.sleep(for: .milliseconds(50)) }
    }

    private func administrator() async throws -> (keystone: ImageClient, cinder: ImageClient) {
        let keystone = try Keystone(server)
        let (token, id) = try await keystone.authenticate("admin", project: "admin")
        return (
            ImageClient(url: keystone.url, token: token),
            ImageClient(url: try server.setting("CINDER_URL") + "/v3/\(id)", token: token)
        )
    }

    func setQuota(_ quota: TestSupport.JSON) async throws {
        try await administrator().cinder.expect(200, "PUT", "/os-quota-sets/\(projectID)", json: ["quota_set": quota])
    }

    /// A user who may do in the project what a service does, with the password "first".
    func makeUser(_ name: String) async throws -> String {
        let keystone = try await administrator().keystone
        let description: TestSupport.JSON = ["name": .string(name), "domain_id": "default", "password": "first"]
        let user = try await keystone.expect(201, "POST", "/v3/users", json: ["user": description])
            .json["user"]["id"].string
        let roles = try await keystone.expect(200, "GET", "/v3/roles?name=member").json["roles"].array
        let role = roles.first?["id"].string
        guard let user, let role else { throw TestFailure("Keystone makes no user") }
        try await keystone.expect(204, "PUT", "/v3/projects/\(projectID)/users/\(user)/roles/\(role)")
        return user
    }

    /// A change of the password, even to the same one, ends all tokens.
    func revokeTokens(ofUser user: String, password: String) async throws {
        try await administrator().keystone.expect(
            200, "PATCH", "/v3/users/\(user)", json: ["user": ["password": .string(password)]])
    }
}
