import Foundation
import ImageModel
import ImageStore
import NIOCore
import RBD
import RBDDriver
import TestSupport
import Testing

extension RBDTests {
    @Suite(.serialized) struct Outages {
        /// Processes of the cluster, stopped for as long as `body` takes.
        private func stopping(_ processes: [Int32], _ body: () async throws -> Void) async throws {
            for process in processes { kill(process, SIGSTOP) }
            defer { for process in processes { kill(process, SIGCONT) } }
            try await body()
        }

        /// A server that stands still for a moment is waited for, and no byte is lost.
        @Test func anUploadSurvivesARestart() async throws {
            let pool = try await TestCeph.makePool()
            // As by default: without a limit of time.
            let store = try await RBDStore.ofTests(pool: pool, timeout: nil)
            let server = try await TestCeph.server()
            let bytes = Noise.bytes(40_000_000, seed: 1)
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            try await writer.write([ByteBuffer(bytes: bytes.prefix(20_000_000))])
            try await server.stop()
            async let rest: Void = writer.write([ByteBuffer(bytes: bytes.dropFirst(20_000_000))])
            try await server.start()
            try await rest
            let location = try await writer.commit()
            #expect(try await store.read(location) == bytes)
        }

        @Test func aDownloadSurvivesARestart() async throws {
            let pool = try await TestCeph.makePool()
            let store = try await RBDStore.ofTests(pool: pool, timeout: nil)
            let server = try await TestCeph.server()
            let bytes = Noise.bytes(60_000_000, seed: 2)
            let location = try await store.add("image", bytes)
            guard case .stream(_, let chunks) = try await store.open(location, range: nil) else {
                throw TestFailure("not a stream")
            }
            var iterator = chunks.makeAsyncIterator()
            var read = Array(try #require(try await iterator.next()).readableBytesView)
            try await server.stop()
            async let started: Void = server.start()
            while let chunk = try await iterator.next() { read += chunk.readableBytesView }
            try await started
            #expect(read == bytes)
        }

        @Test func aClusterThatIsAwayAtTheStartComesBackByItself() async throws {
            let pool = try await TestCeph.makePool()
            let writing = try await RBDStore.ofTests(pool: pool)
            let location = try await writing.add("image", [1, 2, 3])
            let server = try await TestCeph.server()
            // Other settings, and so another connection than that of other tests.
            let store = try await RBDStore.ofTests(pool: pool, timeout: 3)
            try await server.stop()
            try await store.prepare()
            let error = await #expect(throws: StoreError.self) { try await store.open(location, range: nil) }
            #expect(error?.isOutage == true)
            try await server.start()
            #expect(try await store.read(location) == [1, 2, 3])
        }

        /// An OSD that hangs, as one whose disk does, is no reason to hang.
        @Test func answersWhenTheClusterHangs() async throws {
            try await TestStore.withRBD { test in
                let location = try await test.store.add("image", [1, 2, 3])
                let ids = try await TestCeph.processes()
                try await stopping(ids) {
                    await #expect(throws: StoreError.timeout) { try await test.store.open(location, range: nil) }
                }
                #expect(try await test.store.read(location) == [1, 2, 3])
            }
        }

        /// Ceph moves images to the trash before it removes them, for which a pool's quota leaves no room.
        @Test func tellsAFullPoolAndLosesNothingOfIt() async throws {
            try await TestStore.withRBD { test in
                let location = try await test.store.add("kept", Noise.bytes(3_000_000, seed: 4))
                let pool = String(try #require(location.url.split(separator: "/").dropFirst(2).first))
                let late = try await test.store.makeWriter(imageID: "late", uploadID: "upload", expectedSize: nil)
                try await TestCeph.ceph("osd", "pool", "set-quota", pool, "max_bytes", "2000000")
                let deadline = ContinuousClock.now + .seconds(60)
                while try await !TestCeph.ceph("osd", "pool", "ls", "detail").contains("full_quota") {
                    if ContinuousClock.now > deadline { throw TestFailure("the quota does not count") }
                    try await Task.sleep(for: .milliseconds(100))
                }
                await #expect(throws: StoreError.full) {
                    try await late.write(pieces: Noise.bytes(9_000_000, seed: 5))
                    _ = try await late.commit()
                }
                await late.cancel()
                await #expect(throws: StoreError.full) { try await test.store.add("image", [1]) }
                let removal = await #expect(throws: StoreError.self) { try await test.store.delete(location) }
                #expect(removal?.isOutage == true, "\(String(describing: removal))")
                #expect(try await TestCeph.images(in: pool).contains("kept"))

                try await TestCeph.ceph("osd", "pool", "set-quota", pool, "max_bytes", "0")
                while try await TestCeph.ceph("osd", "pool", "ls", "detail").contains("full_quota") {
                    if ContinuousClock.now > deadline { throw TestFailure("the quota still counts") }
                    try await Task.sleep(for: .milliseconds(100))
                }
                try await test.store.discard(imageID: "late", uploadID: "upload")
                try await test.store.delete(ImageLocation(url: location.url))
                #expect(try await test.contents() == [])
            }
        }

        @Test func tellsAMissingPermission() async throws {
            let location = try await RBDStore.ofTests(pool: "images").add("image", [1])
            let store = try await RBDStore.ofTests(pool: "images", user: "nobody")
            let attempts: [@Sendable () async throws -> Void] = [
                { try await store.check() }, { _ = try await store.add("other", [1]) },
                { _ = try await store.read(location) }, { try await store.delete(location) },
            ]
            for attempt in attempts {
                let error = await #expect(throws: StoreError.self) { try await attempt() }
                guard case .permissionDenied = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            let unknown = try await RBDStore.ofTests(pool: "images", user: "unknown")
            let error = await #expect(throws: StoreError.self) { try await unknown.check() }
            guard case .permissionDenied(let text) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(text.contains("client.unknown"))
            try await RBDStore.ofTests(pool: "images").delete(location)
        }

        /// A client that the cluster has shut out, as it does with those that hang, makes a new connection.
        @Test func connectsAgainWhenItWasShutOut() async throws {
            let pool = try await TestCeph.makePool()
            // A connection of its own.
            let store = try await RBDStore.ofTests(pool: pool, timeout: 4)
            let location = try await store.add("image", [1, 2, 3])
            let writer = try await store.makeWriter(imageID: "held", uploadID: "upload", expectedSize: nil)
            try await writer.write([ByteBuffer(string: "x")])
            let watchers = try await TestCeph.rbd("status", "--format", "json", "\(pool)/held.upload.part")
            let address = try #require(watchers.firstMatch(of: /"address":"([^"]*)"/)?.1)
            try await TestCeph.ceph("osd", "blocklist", "add", String(address))
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            let deadline = ContinuousClock.now + .seconds(30)
            while (try? await store.read(location)) != [1, 2, 3], .now < deadline {}
            #expect(try await store.read(location) == [1, 2, 3])
            try await store.add("new", [4])
        }
    }
}
