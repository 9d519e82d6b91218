import Foundation
import ImageModel
import ImageStore
import NIOCore
import RBD
import RBDDriver
import Synchronization
import TestSupport
import Testing

extension RBDTests {
    /// Copies from one store into another in the same cluster.
    @Suite struct Copies {
        private static let upload = StoreUpload(imageID: "image", uploadID: "copy")

        /// Two stores in pools of their own, whose images have objects of different sizes.
        private func withStores(
            _ body: (_ source: RBDStore, _ target: RBDStore, _ targetPool: String) async throws -> Void
        ) async throws {
            let pools = [try await TestCeph.makePool(), try await TestCeph.makePool()]
            let source = try await RBDStore.ofTests(pool: pools[0])
            let target = try await RBDStore.ofTests(pool: pools[1], chunkSize: 2 << 20)
            try await body(source, target, pools[1])
        }

        @Test(arguments: [0, 1, 30_000_001])
        func copiesIntoAnotherPool(size: Int) async throws {
            try await withStores { source, target, pool in
                let bytes = Noise.bytes(size, seed: 1)
                // Its end is not recorded yet, and so it says which upload has made it.
                let location = try await source.publish("image", bytes, uploadID: "first")
                let writer = try await target.makeWriter(
                    for: Self.upload, expectedSize: Int64(size), context: .service)
                let told = Atomic<Int>(0)
                let copied = try await writer.copy(location, of: source) { told.add($0, ordering: .relaxed) }
                #expect(copied == Int64(size) && told.load(ordering: .relaxed) == size)
                #expect(try await TestCeph.images(in: pool) == ["image.copy.part"])
                let copy = try await writer.commit()
                #expect(copy.url == location.url.replacing(/\/[^\/]+\/image\//, with: "/\(pool)/image/"))
                #expect(try await target.read(copy) == bytes)
                #expect(try await source.read(location) == bytes)
                #expect(try await TestCeph.rbd("info", "\(pool)/image").contains("order 21 "))
                #expect(try await TestCeph.rbd("snap", "ls", "\(pool)/image").contains("yes"))
                // Data of its own: the other upload's record has no power over it.
                try await target.discard(imageID: "image", uploadID: "first")
                try await target.settle(Self.upload)
                try await source.delete(location)
                #expect(try await target.read(copy) == bytes)
                try await target.delete(copy)
                #expect(try await TestCeph.images(in: pool) == [])
            }
        }

        @Test func aCopyLeavesZerosOut() async throws {
            try await withStores { source, target, pool in
                var bytes = [UInt8](repeating: 0, count: 40_000_000)
                bytes[20_000_000] = 1
                let location = try await source.add("image", bytes)
                let writer = try await target.makeWriter(for: Self.upload, expectedSize: nil, context: .service)
                #expect(try await writer.copy(location, of: source) { _ in } == 40_000_000)
                let copy = try await writer.commit()
                #expect(try await target.size(of: copy) == 40_000_000)
                #expect(try await target.read(copy) == bytes)
                let usage = try await TestCeph.rbd("du", "--format", "json", "\(pool)/image@snap")
                #expect(usage.firstMatch(of: /"used_size":(\d+)/).flatMap { Int($0.1) } == 2 << 20, "\(usage)")
            }
        }

        /// Nothing has happened then, and the data can come as ever.
        @Test func whatIsElsewhereComesThroughTheService() async throws {
            try await withStores { source, target, _ in
                let writer = try await target.makeWriter(for: Self.upload, expectedSize: 3, context: .service)
                let location = try await source.add("image", [1, 2, 3])
                let missing = ImageLocation(url: location.url.replacing("/image/", with: "/other/"))
                #expect(try await writer.copy(missing, of: source) { _ in } == nil)
                try await TestStore.with(.file) { file in
                    let other = try await file.put([4, 5, 6])
                    #expect(try await writer.copy(other, of: file.store) { _ in } == nil)
                }
                try await writer.write(pieces: [4, 5, 6])
                #expect(try await target.read(writer.commit()) == [4, 5, 6])
            }
        }

        @Test func aCopyThatIsCancelledEndsAndLeavesNothing() async throws {
            try await withStores { source, target, pool in
                let location = try await source.add("image", Noise.bytes(100_000_000, seed: 2))
                let writer = try await target.makeWriter(for: Self.upload, expectedSize: nil, context: .service)
                let (progress, told) = AsyncStream.makeStream(of: Int.self)
                let copy = Task { try await writer.copy(location, of: source) { told.yield($0) } }
                for await _ in progress { break }
                copy.cancel()
                let count = try #require(try await copy.value)
                #expect(count < 100_000_000)
                await writer.cancel()
                #expect(try await TestCeph.images(in: pool) == [])
                #expect(try await source.size(of: location) == 100_000_000)
            }
        }

        private static func turn(
            _ round: Int, _ location: ImageLocation, _ source: RBDStore, _ target: RBDStore
        ) async throws {
            let upload = StoreUpload(imageID: "image-\(round)", uploadID: "upload-\(round)")
            let writer = try await target.makeWriter(for: upload, expectedSize: nil, context: .service)
            _ = try await writer.copy(location, of: source) { _ in }
            _ = try await writer.commit()
            try await target.discard(upload, context: .service)
        }

        @Test func killedCopiesLeaveNothing() async throws {
            let pools = [try await TestCeph.makePool(), try await TestCeph.makePool()]
            let (from, to) = (pools[0], pools[1])
            let source = try await RBDStore.ofTests(pool: from, timeout: 20)
            let target = try await RBDStore.ofTests(pool: to, timeout: 20)
            let url = try await source.add("image", Noise.bytes(10_000_000, seed: 3)).url
            let configuration = try await TestCeph.server().setting("CEPH_CONF")
            for round in 0..<10 {
                await #expect(processExitsWith: .signal(SIGKILL)) {
                    [
                        configuration = configuration as String, from = from as String, to = to as String,
                        url = url as String, round = round as Int
                    ] in
                    let cluster = CephSettings(configurationFile: configuration, user: "glance", timeout: 10)
                    let stores = [from, to].map {
                        RBDStore(
                            identity: StoreIdentity(id: "ceph"), settings: RBDSettings(cluster: cluster, pool: $0))
                    }
                    try await stores[1].check()
                    let delay = UInt32.random(in: 0..<200_000)
                    Thread.detachNewThread {
                        usleep(delay)
                        kill(getpid(), SIGKILL)
                    }
                    while true { try await Self.turn(round, ImageLocation(url: url), stores[0], stores[1]) }
                }
            }
            // By their records.
            for round in 0..<10 { try await Removal.discard(round, in: target, to) }
            #expect(try await TestCeph.images(in: to) == [])
            #expect(try await TestCeph.images(in: from) == ["image"])
            #expect(try await target.leftovers(minimumAge: .zero) == [])
        }
    }
}
