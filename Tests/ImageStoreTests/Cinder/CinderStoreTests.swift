import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

@testable import CinderDriver

/// What only the driver `cinder` does, with a real Cinder and volumes in Ceph.
@Suite struct CinderStoreTests {
    private static let bytes = Noise.bytes(3_000_000, seed: 31)

    @Test func leavesTheVolumeAsGlanceDoes() async throws {
        try await CinderTestStore.with { test async throws in
            let context = StoreContext(
                user: .init(projectID: "somebody", userID: nil, token: "unused", serviceCatalog: nil))
            let upload = StoreUpload(imageID: "image", uploadID: "upload")
            let writer = try await test.store.makeWriter(for: upload, expectedSize: nil, context: context)
            try await writer.write(pieces: Self.bytes)
            let location = try await writer.commit()
            try await test.store.settle(upload)
            let volumes = try await test.volumes()
            let volume = try #require(volumes.first)
            #expect(volumes.count == 1)
            #expect(volume["name"].string == "image-image" && volume["status"].string == "available")
            #expect(volume["size"].int == 1 && volume["volume_type"].string == "rbd")
            #expect(location.url == "cinder://here/\(volume["id"].string ?? "")")
            #expect(
                volume["metadata"] == [
                    "glance_image_id": "image", "image_size": "3000000", "image_owner": "somebody", "readonly": "True",
                ])
        }
    }

    @Test func readsLocationsOfOldReleases() async throws {
        try await CinderTestStore.with { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            let volume = try CinderLocation(url: location.url).volumeID
            let old = ImageLocation(url: "cinder://\(volume)")
            #expect(test.store.owns(old))
            #expect(!test.store.owns(ImageLocation(url: "cinder://elsewhere/\(volume)")))
            #expect(try await test.store.read(old) == Self.bytes)
            try await test.store.delete(old)
            #expect(try await test.volumes().isEmpty)
        }
    }

    /// Of unknown size: the volume is made larger, free or attached, and nothing is lost. On NFS it is always free.
    @Test(arguments: [(CinderTestStore.Kind.rbd, false), (.rbd, true), (.nfs, true)])
    func growsTheVolumeOnTheWay(_ kind: CinderTestStore.Kind, attached: Bool) async throws {
        let change = { @Sendable (settings: inout CinderSettings) in settings.growsAttached = attached }
        try await CinderTestStore.with(kind, change) { test async throws in
            let writer = try await test.store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            let block = ByteBuffer(bytes: Noise.bytes(1 << 23, seed: 5))
            for _ in 0..<128 { try await writer.write(block) }
            try await writer.write(ByteBuffer(string: "end"))
            let location = try await writer.commit()
            let size = Int64(1 << 30) + 3
            #expect(try await test.store.size(of: location) == size)
            #expect(try await test.volumes().first?["size"].int == 2)
            let tail = try await test.store.read(location, range: size - 5..<size)
            #expect(tail == Array(block.readableBytesView.suffix(2)) + Array("end".utf8))
        }
    }

    @Test func storesWithTheUsersOwnToken() async throws {
        try await CinderTestStore.with { test async throws in
            let keystone = try Keystone(test.server)
            var settings = try CinderTestStore.settings(test.server.settings, project: test.project)
            settings.account = nil
            settings.endpointTemplate = try test.server.setting("CINDER_URL") + "/v3/%(tenant_id)s"
            let store = try CinderTestStore.store(settings)
            try await TestStore.finally(store) {
                try await store.prepare()
                let (token, project) = try await keystone.authenticate("glance", project: test.project)
                let context = StoreContext(
                    user: .init(projectID: project, userID: nil, token: token, serviceCatalog: nil))
                let upload = StoreUpload(imageID: "image", uploadID: "upload")
                let writer = try await store.makeWriter(for: upload, expectedSize: nil, context: context)
                try await writer.write(pieces: [1, 2, 3])
                let location = try await writer.commit()
                try await store.settle(upload)
                #expect(try await test.volumes().first?["metadata"]["glance_upload_id"].string == nil)
                #expect(try await store.open(location, range: nil, context: context).bytes() == [1, 2, 3])
                await #expect(throws: StoreError.self) { try await store.open(location, range: nil) }
                #expect(try await store.leftovers(minimumAge: .zero) == [])
                try await store.delete(location, context: context)
                #expect(try await test.volumes().isEmpty)
            }
        }
    }

    @Test func refusesAVolumeTypeThatIsNotThere() async throws {
        try await CinderTestStore.with { test async throws in
            var settings = try CinderTestStore.settings(test.server.settings, project: test.project)
            settings.volumeType = "nothing"
            let store = try CinderTestStore.store(settings)
            try await TestStore.finally(store) {
                await #expect(
                    throws: StoreError.badConfiguration(
                        "store here: cinder_volume_type: Cinder has no volume type 'nothing'")
                ) { try await store.check() }
            }
        }
    }

    /// Volumes of the same account that are no images' cannot be read or removed through a location.
    @Test func keepsAwayFromOtherVolumes() async throws {
        try await CinderTestStore.with { test async throws in
            let made = try await test.client.expect(
                202, "POST", "/volumes", json: ["volume": ["name": "disk", "size": 1, "volume_type": "rbd"]])
            let location = ImageLocation(url: "cinder://here/\(made.json["volume"]["id"].string ?? "")")
            await #expect(throws: StoreError.notFound) { try await test.store.open(location, range: nil) }
            await #expect(throws: StoreError.notFound) { try await test.store.delete(location) }
            #expect(try await test.volumes().count == 1)
        }
    }

    /// Readers of one volume share its attachment; the last one gives it back.
    @Test(arguments: CinderTestStore.Kind.allCases)
    func severalReadOneImage(_ kind: CinderTestStore.Kind) async throws {
        try await CinderTestStore.with(kind) { test async throws in
            let location = try await test.store.add("image", Self.bytes)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let read = try await test.store.read(location)
                        #expect(read == Self.bytes)
                    }
                }
                try await group.waitForAll()
            }
            // Dropped without a look.
            for _ in 0..<4 { _ = try await test.store.open(location, range: nil) }
            while try await test.volumes().first?["status"].string != "available" { await Task.yield() }
            try await test.store.delete(location)
        }
    }

    @Test func usesAnExportThatTheOperatorHasMounted() async throws {
        try await withTemporaryDirectory { directory in
            let change = { @Sendable (settings: inout CinderSettings) in
                settings.volumeType = "nfs"
                settings.mountPoints = directory
            }
            // Without the mount helper.
            try await CinderTestStore.with(.rbd, change) { test async throws in
                let export = try test.server.setting("CINDER_EXPORT")
                let place = NFSExports.mountPoint(of: export, below: directory)
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                // A directory alone is no mount.
                await #expect(throws: StoreError.self) { try await test.store.add("image", [1]) }
                let source = String(export.split(separator: ":", maxSplits: 1)[1])
                try await command("mount", ["--bind", source, place])
                do {
                    let location = try await test.store.add("image", Self.bytes)
                    #expect(try await test.store.read(location) == Self.bytes)
                    try await test.store.delete(location)
                } catch {
                    Issue.record(error)
                }
                try await command("umount", ["--lazy", place])
            }
        }
    }

    /// Ten uploads each, at whatever they do when the process is killed. The records are enough to clean up.
    @Test(arguments: CinderTestStore.Kind.allCases)
    func leavesNothingThatIsNotFound(_ kind: CinderTestStore.Kind) async throws {
        try await CinderTestStore.with(kind) { test async throws in
            let kept = try await test.store.add("kept", [1])
            for round in 0..<5 {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [
                        values = test.server.settings as [String: String], project = test.project as String,
                        kind = kind.rawValue as String, helper = test.settings.mountHelper.socket as String,
                        round = round as Int
                    ] in
                    let store = try CinderTestStore.store(
                        CinderTestStore.settings(
                            values, project: project, #require(CinderTestStore.Kind(rawValue: kind)),
                            mountHelper: helper))
                    try await store.check()
                    let delay = UInt32.random(in: 200_000..<4_000_000)
                    Thread.detachNewThread {
                        usleep(delay)
                        kill(getpid(), SIGKILL)
                    }
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for number in 0..<10 {
                            group.addTask {
                                _ = try await store.publish(
                                    "image-\(round)-\(number)", Noise.bytes(500_000, seed: 6),
                                    uploadID: "killed-\(round)")
                            }
                        }
                        for try await _ in group {}
                    }
                    while true { try await Task.sleep(for: .seconds(1)) }
                }
            }
            let left = try await test.store.leftovers(minimumAge: .zero)
            #expect(!left.isEmpty && Set(left.map(\.upload)).count == left.count)
            for round in 0..<5 {
                for number in 0..<10 {
                    let upload = StoreUpload(imageID: "image-\(round)-\(number)", uploadID: "killed-\(round)")
                    // Ceph notices after some seconds that whoever had the image open is gone.
                    while true {
                        do {
                            try await test.store.discard(upload, context: .service)
                            break
                        } catch StoreError.inUse {}
                    }
                }
            }
            #expect(try await test.volumes().compactMap(\.["name"].string) == ["image-kept"])
            #expect(try await test.store.read(kept) == [1])
        }
    }
}
