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

        /// With a limit of time, what was under way ends, too, and leaves nothing.
        @Test func transfersEndWhenTheClusterHangs() async throws {
            try await TestStore.withRBD { test in
                let location = try await test.store.add("image", Noise.bytes(40_000_000, seed: 6))
                guard case .stream(_, let chunks) = try await test.store.open(location, range: nil) else {
                    throw TestFailure("not a stream")
                }
                let writer = try await test.store.makeWriter(imageID: "other", uploadID: "upload", expectedSize: nil)
                try await writer.write([ByteBuffer(repeating: 1, count: 5_000_000)])
                try await stopping(try await TestCeph.processes()) {
                    await #expect(throws: StoreError.timeout) {
                        try await writer.write([ByteBuffer(repeating: 2, count: 50_000_000)])
                        _ = try await writer.commit()
                    }
                    await #expect(throws: StoreError.timeout) { for try await _ in chunks {} }
                    // Does not wait for the cluster, either.
                    await writer.cancel()
                }
                // The cancellation may be at it, too.
                var attempts = 0
                while attempts < 100 {
                    do {
                        try await test.store.discard(imageID: "other", uploadID: "upload")
                        break
                    } catch StoreError.inUse {
                        attempts += 1
                        try await Task.sleep(for: .milliseconds(100))
                    }
                }
                #expect(try await test.contents() == ["image"])
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
            try await TestCeph.shutOut(writerOf: "held.upload.part", in: pool)
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            let deadline = ContinuousClock.now + .seconds(30)
            while (try? await store.read(location)) != [1, 2, 3], .now < deadline {}
            #expect(try await store.read(location) == [1, 2, 3])
            try await store.add("new", [4])
        }

        /// What takes a key back, and what gives it back.
        enum Revocation: String, CaseIterable {
            case removal, permissions

            func revoke(_ user: String) async throws {
                switch self {
                case .removal: try await TestCeph.ceph("auth", "rm", user)
                case .permissions:
                    try await TestCeph.ceph("auth", "caps", user, "mon", "allow r", "osd", "allow r pool=none")
                }
            }

            func takeBack(_ user: String, _ keyring: String, pool: String) async throws {
                switch self {
                case .removal: try await TestCeph.ceph("auth", "import", "-i", keyring)
                case .permissions:
                    try await TestCeph.ceph(
                        "auth", "caps", user, "mon", "profile rbd", "osd", "profile rbd pool=\(pool)")
                }
            }
        }

        /// A client that is connected works on with what its key permitted when it connected, until the cluster shuts it out. Then
        /// its transfers end, and so does all that comes after it, until the key is given back.
        @Test(.timeLimit(.minutes(5)), arguments: Revocation.allCases)
        func aKeyThatIsTakenBackEndsTransfers(_ revocation: Revocation) async throws {
            let pool = try await TestCeph.makePool()
            let user = "passing-\(revocation)"
            let keyring = try await TestCeph.makeUser(user, pool: pool)
            let store = try await RBDStore.ofTests(pool: pool, user: user, timeout: 3)
            let bytes = Noise.bytes(40_000_000, seed: 7)
            let location = try await store.add("image", bytes)
            guard case .stream(_, let chunks) = try await store.open(location, range: nil) else {
                throw TestFailure("not a stream")
            }
            var download = chunks.makeAsyncIterator()
            var read = Array(try #require(try await download.next()).readableBytesView)
            let writer = try await store.makeWriter(imageID: "other", uploadID: "upload", expectedSize: nil)
            try await writer.write([ByteBuffer(repeating: 1, count: 5_000_000)])

            try await revocation.revoke("client.\(user)")
            try await writer.write([ByteBuffer(repeating: 2, count: 20_000_000)])
            read += try #require(try await download.next()).readableBytesView

            try await TestCeph.shutOut(writerOf: "other.upload.part", in: pool)
            let failures = [
                await #expect(throws: StoreError.self) {
                    try await writer.write([ByteBuffer(repeating: 3, count: 50_000_000)])
                    _ = try await writer.commit()
                },
                await #expect(throws: StoreError.self) {
                    while let chunk = try await download.next() { read += chunk.readableBytesView }
                },
            ]
            for failure in failures { #expect(failure?.isOutage == true, "\(String(describing: failure))") }
            #expect(read.count < bytes.count && read.elementsEqual(bytes.prefix(read.count)))
            await writer.cancel()
            for attempt in [{ try await store.check() }, { _ = try await store.add("third", [4]) }] {
                let refusal = await #expect(throws: StoreError.self) { try await attempt() }
                guard case .permissionDenied = refusal else {
                    Issue.record("\(String(describing: refusal))")
                    continue
                }
            }

            try await revocation.takeBack("client.\(user)", keyring, pool: pool)
            // A connection of those that are allowed to do nothing is given up when it is a few seconds old.
            let deadline = ContinuousClock.now + .seconds(30)
            while (try? await store.check()) == nil, .now < deadline { try await Task.sleep(for: .milliseconds(100)) }
            #expect(try await store.read(location) == bytes)
            try await store.discard(imageID: "other", uploadID: "upload")
            try await store.delete(location)
            #expect(try await TestCeph.images(in: pool) == [])
        }
    }
}
