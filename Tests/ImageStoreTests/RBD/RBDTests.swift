import Foundation
import ImageModel
import ImageStore
import JSON
import NIOCore
import OsloConfig
import RBD
import RBDDriver
import TestSupport
import Testing

/// What the driver `rbd` does beside what all do, on a real cluster.
@Suite(.serialized) struct RBDTests {
    @Suite struct Basics {
        @Test func readsItsOptions() throws {
            let configuration = try Configuration(
                text: """
                    [DEFAULT]
                    enabled_backends = fast:rbd
                    [glance_store]
                    rbd_store_pool = elsewhere
                    [fast]
                    rbd_store_pool = images.fast
                    rbd_store_user = glance
                    rbd_store_ceph_conf = /etc/ceph/fast.conf
                    rbd_store_chunk_size = 4
                    rados_connect_timeout = 7
                    rbd_thin_provisioning = true
                    """)
            let settings = try RBDSettings(configuration: configuration, store: "fast")
            #expect(
                settings.cluster
                    == CephSettings(configurationFile: "/etc/ceph/fast.conf", user: "glance", timeout: 7))
            #expect(settings.pool == "images.fast")
            #expect(settings.chunkSize == 4 << 20)
            #expect(settings.isThinProvisioned)
            let other = try RBDSettings(configuration: Configuration(text: ""), store: "rbd")
            #expect(other.cluster == CephSettings())
            #expect(other.pool == "images" && other.chunkSize == 8 << 20 && !other.isThinProvisioned)
        }

        @Test(arguments: [
            ("rbd_store_chunk_size = 64", "rbd_store_chunk_size"), ("rbd_store_pool =", "rbd_store_pool"),
        ])
        func refusesSettingsThatCannotWork(_ line: String, _ option: String) throws {
            let configuration = try Configuration(text: "[DEFAULT]\nenabled_backends = ceph:rbd\n[ceph]\n" + line)
            let error = #expect(throws: StoreError.self) {
                try RBDSettings(configuration: configuration, store: "ceph")
            }
            guard case .badConfiguration(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains(option) && text.contains("ceph"))
        }

        @Test(arguments: [
            "rbd://", "rbd:///", "rbd://a/b", "rbd://a/b/c", "rbd://a/b/c/", "rbd://a//c/d", "rbd://a/b/c/d/e",
            "RBD://a",
            "rbd://a/b/c/%00", "rbd://a/b/c/%ff", "rbd:a",
        ])
        func refusesURLsThatAreNone(_ url: String) async throws {
            let store = RBDStore(
                identity: StoreIdentity(id: "ceph"), settings: RBDSettings(cluster: CephSettings(timeout: 1)))
            let error = await #expect(throws: StoreError.self) {
                try await store.open(ImageLocation(url: url), range: nil)
            }
            guard case .badLocation = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!store.owns(ImageLocation(url: url)))
        }

        @Test func saysWhatIsMissing() async throws {
            let store = RBDStore(
                identity: StoreIdentity(id: "ceph"),
                settings: RBDSettings(cluster: CephSettings(configurationFile: "/nonexistent/ceph.conf")))
            let error = await #expect(throws: StoreError.self) { try await store.prepare() }
            guard case .badConfiguration(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains("store ceph") && text.contains("/nonexistent/ceph.conf"))
        }
    }

    @Suite struct Images {
        @Test func checksAndDescribesItself() async throws {
            let pool = try await TestCeph.makePool()
            let store = try await RBDStore.ofTests(pool: pool)
            #expect(store.properties["fsid"] == .null)
            // Without any connection.
            try await store.prepare()
            let fsid = try await TestCeph.server().setting("CEPH_FSID")
            let expected: [String: JSONValue] = [
                "chunk_size": .integer(8_388_608), "pool": .string(pool), "thin_provisioning": .bool(false),
                "fsid": .string(fsid),
            ]
            #expect(store.properties == expected)
            try await store.check()
            let missing = try await RBDStore.ofTests(pool: "no-such-pool")
            let error = await #expect(throws: StoreError.self) { try await missing.check() }
            #expect(error == .backend("the Ceph cluster has no pool 'no-such-pool'"))
        }

        @Test func ownsWhatIsInItsPool() async throws {
            let store = try await RBDStore.ofTests(pool: "images")
            try await store.prepare()
            let fsid = try await TestCeph.server().setting("CEPH_FSID")
            for (url, isOwn) in [
                ("rbd://\(fsid)/images/x/snap", true), ("rbd://x", true), ("rbd://\(fsid)/volumes/x/snap", false),
                ("rbd://other/images/x/snap", false), ("file:///x", false),
            ] {
                #expect(store.owns(ImageLocation(url: url)) == isOwn, "\(url)")
            }
        }

        /// The form of the first years has neither pool nor snapshot; another pool of the cluster may be named.
        @Test func readsOldURLsAndOtherPools() async throws {
            try await TestStore.withRBD { test in
                try await test.store.add("image", [1, 2, 3])
                let pool = try #require(test.location("image").url.split(separator: "/").dropFirst(2).first)
                let other = try await RBDStore.ofTests(pool: "images")
                #expect(try await test.store.read(ImageLocation(url: "rbd://image")) == [1, 2, 3])
                #expect(try await other.read(test.location("image")) == [1, 2, 3])
                // A cluster that was restored may have another id, and its images are still there.
                let elsewhere = ImageLocation(url: "rbd://0000/\(pool)/image/snap")
                #expect(try await test.store.size(of: elsewhere) == 3)
                try await test.store.delete(elsewhere)
                #expect(try await test.contents() == [])
            }
        }

        @Test(arguments: [1, 3, 4, 32])
        func makesObjectsOfTheChunkSize(megabytes: Int64) async throws {
            try await TestStore.withRBD(chunkSize: megabytes << 20) { test in
                let location = try await test.store.add("image", Noise.bytes(5_000_000, seed: 1))
                let pool = try #require(location.url.split(separator: "/").dropFirst(2).first)
                let information = try await TestCeph.rbd("info", "\(pool)/image")
                // The next smaller power of two.
                let orders: [Int64: Int] = [1: 20, 3: 21, 4: 22, 32: 25]
                #expect(information.contains("order \(orders[megabytes] ?? 0) "))
                #expect(try await TestCeph.rbd("snap", "ls", "\(pool)/image").contains("yes"))
            }
        }

        @Test(arguments: [nil, 0, 5_000_000, 100_000_000] as [Int64?])
        func takesAnySizeWhateverWasAnnounced(_ announced: Int64?) async throws {
            try await TestStore.withRBD { test in
                let bytes = Noise.bytes(30_000_000, seed: 2)
                let writer = try await test.store.makeWriter(
                    imageID: "image", uploadID: "upload", expectedSize: announced)
                try await writer.write([ByteBuffer(bytes: bytes)])
                let location = try await writer.commit()
                #expect(try await test.store.size(of: location) == 30_000_000)
                #expect(try await test.store.read(location) == bytes)
            }
        }

        @Test func leavesZerosOut() async throws {
            try await TestStore.with(.rbdWithThinProvisioning) { test in
                var bytes = [UInt8](repeating: 0, count: 40_000_000)
                bytes[20_000_000] = 1
                let location = try await test.store.add("image", bytes)
                #expect(try await test.store.read(location) == bytes)
                let pool = try #require(location.url.split(separator: "/").dropFirst(2).first)
                let usage = try await TestCeph.rbd("du", "--format", "json", "\(pool)/image@snap")
                let used = usage.firstMatch(of: /"used_size":(\d+)/).flatMap { Int($0.1) }
                #expect(used == 8 << 20, "\(usage)")
            }
        }

        /// Readers are not kept by what goes on beside them, and get all of it.
        @Test func readsTheSameImageManyTimesAtOnce() async throws {
            try await TestStore.withRBD { test in
                let bytes = Noise.bytes(25_000_000, seed: 3)
                let location = try await test.store.add("image", bytes)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<24 {
                        group.addTask {
                            let read = try await test.store.read(location)
                            #expect(read == bytes)
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(TransferBudget.shared.held == 0)
            }
        }

        /// librbd must be done with an image that it has opened before it closes it, whichever threads do both.
        @Test func closesWhatWasOpenedJustNow() async throws {
            try await TestStore.withRBD { test in
                let location = try await test.store.add("image", Noise.bytes(1000, seed: 5))
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<16 {
                        group.addTask {
                            for _ in 0..<30 {
                                let size = try await test.store.size(of: location, context: .service)
                                #expect(size == 1000)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        }

        @Test func givesMemoryBackWhenReadersGoAway() async throws {
            try await TestStore.withRBD { test in
                let location = try await test.store.add("image", Noise.bytes(30_000_000, seed: 4))
                for _ in 0..<10 {
                    guard case .stream(_, let chunks) = try await test.store.open(location, range: nil) else {
                        throw TestFailure("not a stream")
                    }
                    for try await _ in chunks { break }
                }
                let deadline = ContinuousClock.now + .seconds(30)
                while TransferBudget.shared.held > 0, .now < deadline { try await Task.sleep(for: .milliseconds(10)) }
                #expect(TransferBudget.shared.held == 0)
                // And let go of the image.
                try await test.store.delete(location)
                #expect(try await test.contents() == [])
            }
        }
    }
}
