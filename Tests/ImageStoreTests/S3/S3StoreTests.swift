import Foundation
import ImageModel
import ImageStore
import Logging
import NIOCore
import NIOPosix
import OutgoingHTTP
import TestSupport
import Testing
import TextCoding

@testable import S3Driver

/// What is particular to S3, on Ceph's object gateway and, where they differ, on Swift's S3.
@Suite struct S3StoreTests {
    private static let inParts = ["s3_store_large_object_size": "0", "s3_store_large_object_chunk_size": "5"]

    private func error(_ work: () async throws -> Void) async -> StoreError? {
        do {
            try await work()
            return nil
        } catch {
            return error as? StoreError ?? .backend("no StoreError: \(error)")
        }
    }

    // MARK: Parts

    @Test func largeImagesGoInParts() async throws {
        try await withS3Store(Self.inParts) { store async throws in
            let bytes = Noise.bytes(23_000_001, seed: 1)
            let location = try await store.add("image", bytes)
            #expect(try await store.bucket.head("image").tag?.hasSuffix("-5\"") == true)
            #expect(try await store.read(location) == bytes)
            #expect(
                try await store.read(location, range: 5_242_870..<10_485_770) == Array(bytes[5_242_870..<10_485_770]))
        }
    }

    @Test func whatFitsIntoAPartIsOneObject() async throws {
        try await withS3Store { store async throws in
            for (size, tag) in [(0, 34), (10 << 20, 34), (10 << 20 + 1, 36)] {
                try await store.add("image-\(size)", [UInt8](repeating: 7, count: size))
                #expect(try await store.bucket.head("image-\(size)").tag?.count == tag)
            }
        }
    }

    @Test(arguments: [false, true])
    func unknownSizesNeedNoLength(_ inParts: Bool) async throws {
        try await withS3Store(inParts ? Self.inParts : [:]) { store async throws in
            for size in [0, 5 << 20, 10 << 20, 12_000_000] {
                let writer = try await store.makeWriter(imageID: "image-\(size)", uploadID: "upload", expectedSize: nil)
                let bytes = Noise.bytes(size, seed: 3)
                try await writer.write(pieces: bytes)
                #expect(try await store.read(try await writer.commit()) == bytes)
            }
        }
    }

    @Test func partsStayWithinTheBudget() async throws {
        let budget = TransferBudget(total: 12 << 20)
        try await withS3Store(Self.inParts, budget: budget) { store async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for image in 0..<6 {
                    group.addTask {
                        let bytes = Noise.bytes(16_000_000, seed: UInt64(image))
                        let location = try await store.add("image-\(image)", bytes)
                        #expect(budget.held <= budget.total)
                        #expect(try await store.read(location) == bytes)
                    }
                }
                try await group.waitForAll()
            }
            #expect(budget.held == 0)
        }
    }

    @Test(arguments: [false, true])
    func checksumsAreKeptWhereTheyAreWanted(_ inParts: Bool) async throws {
        let options = [
            "s3_store_enable_data_integrity_protection": "true",
            "s3_store_request_checksum_calculation": "when_supported",
        ]
        try await withS3Store(options.merging(inParts ? Self.inParts : [:]) { $1 }) { store async throws in
            let bytes = Noise.bytes(6_000_000, seed: 4)
            #expect(try await store.read(try await store.add("image", bytes)) == bytes)
        }
    }

    @Test func theServiceVerifiesWhatItReceives() async throws {
        try await withS3Store { store async throws in
            let failure = await #expect(throws: S3Failure.self) {
                try await store.bucket.putNew(
                    "image", ByteBuffer(string: "data"), hash: [UInt8](repeating: 1, count: 32), owner: "upload")
            }
            guard case .refused(400, _) = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(try await store.contents() == [])
        }
    }

    // MARK: Several nodes

    @Test(arguments: [(false, false), (true, true), (false, true)])
    func oneOfTwoNodesWins(_ one: Bool, _ other: Bool) async throws {
        let service = try await S3Service.gateway()
        let options = service.options()
        let stores = try [one, other].map { try S3Store.made($0 ? options.merging(Self.inParts) { $1 } : options) }
        try await stores[0].prepare()
        for round in 0..<8 {
            let image = "image-\(round)"
            let outcomes = try await withThrowingTaskGroup(of: Result<Int, StoreError>.self) { group in
                for (node, store) in stores.enumerated() {
                    group.addTask {
                        let writer = try await store.makeWriter(
                            imageID: image, uploadID: "node\(node)", expectedSize: nil)
                        try await writer.write(pieces: [UInt8](repeating: UInt8(node), count: 100_000))
                        do throws(StoreError) {
                            _ = try await writer.commit()
                            return .success(node)
                        } catch {
                            await writer.cancel()
                            return .failure(error)
                        }
                    }
                }
                var outcomes: [Result<Int, StoreError>] = []
                for try await outcome in group { outcomes.append(outcome) }
                return outcomes
            }
            let winners = outcomes.compactMap { try? $0.get() }
            #expect(winners.count <= 1)
            for case .failure(let error) in outcomes { #expect(error == .duplicate) }
            let winner = try #require(winners.first)
            let bytes = try await stores[0].read(stores[0].location(of: image))
            #expect(bytes == [UInt8](repeating: UInt8(winner), count: 100_000))
            try await stores[0].settle(StoreUpload(imageID: image, uploadID: "node\(winner)"))
        }
        #expect(try await stores[0].contents() == (0..<8).map { "image-\($0)" })
        for store in stores { await store.shutdown() }
    }

    /// A node that died while it gave an image its name keeps nobody from doing it once its upload is discarded.
    @Test func aDeadNodesClaimEnds() async throws {
        try await withS3Store { store async throws in
            let claim = S3Names.claim("image")
            try await store.bucket.putNew(claim, ByteBuffer(), owner: "dead")
            let location = try await store.add("image", [1])
            #expect(try await store.read(location) == [1])
            #expect(try await store.contents() == ["image"])
            // One whose upload is not discarded yet.
            try await store.bucket.put(
                S3Names.marker(StoreUpload(imageID: "other", uploadID: "living")), owner: "living")
            try await store.bucket.putNew(S3Names.claim("other"), ByteBuffer(), owner: "living")
            let writer = try await store.makeWriter(imageID: "other", uploadID: "upload", expectedSize: nil)
            await #expect(throws: StoreError.duplicate) { try await writer.commit() }
            await writer.cancel()
            try await store.discard(imageID: "other", uploadID: "living")
            try await store.add("other", [2])
            #expect(try await store.contents() == ["image", "other"])
        }
    }

    // MARK: Crashes

    /// Fifty uploads are killed at whatever they do just then.
    @Test func killedUploadsLeaveNothingThatIsNotFound() async throws {
        let service = try await S3Service.gateway()
        let options = service.options(Self.inParts)
        let store = try S3Store.made(options)
        try await store.prepare()
        let bytes = Noise.bytes(7_000_000, seed: 6)
        // Some of one object, some of parts.
        let sizes = [7_000_000, 300_000, 7_000_000, 100_000, 6_000_000]
        var images: [(id: String, size: Int)] = []
        for _ in 0..<10 {
            let ids = sizes.map { _ in UUID().uuidString.lowercased() }
            images += zip(ids, sizes).map { ($0, $1) }
            await #expect(processExitsWith: .signal(SIGKILL)) {
                [options = options as [String: String], ids = ids as [String], sizes = sizes as [Int]] in
                let store = try S3Store.made(options)
                let bytes = Noise.bytes(7_000_000, seed: 6)
                let delay = UInt32.random(in: 0..<400_000)
                Thread.detachNewThread {
                    usleep(delay)
                    kill(getpid(), SIGKILL)
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (id, size) in zip(ids, sizes) {
                        group.addTask { try await store.publish(id, Array(bytes.prefix(size)), uploadID: "upload") }
                    }
                    try await group.waitForAll()
                }
                while true { try await Task.sleep(for: .seconds(1)) }
            }
        }
        for (id, size) in images {
            do {
                // All of it or nothing.
                #expect(try await store.read(store.location(of: id)) == Array(bytes.prefix(size)))
            } catch StoreError.notFound {}
        }
        for (id, _) in images { try await store.discard(imageID: id, uploadID: "upload") }
        for leftover in try await store.leftovers(minimumAge: .zero) { try await store.settle(leftover.upload) }
        #expect(try await store.contents() == [])
        await store.shutdown()
    }

    @Test(arguments: [false, true])
    func findsWhatDeadWritersLeft(_ onSwift: Bool) async throws {
        let service = onSwift ? try await S3Service.swift() : try await S3Service.gateway()
        try await withS3Store(Self.inParts, service: service) { store async throws in
            let image = UUID().uuidString.lowercased()
            // Begun and not written down; as Python Glance does it, too.
            let foreign = try await store.bucket.startMultipart(image, owner: "upload", keepsChecksum: false)
            // Another program's.
            _ = try await store.bucket.startMultipart("backup.tar", owner: "upload", keepsChecksum: false)
            let writer = try await store.makeWriter(imageID: "living", uploadID: "upload", expectedSize: nil)
            try await writer.write(pieces: Noise.bytes(6_000_000, seed: 1))
            #expect(try await store.leftovers(minimumAge: .seconds(3600)) == [])
            let found = try await store.leftovers(minimumAge: .zero)
            #expect(
                Set(found.map(\.upload)) == [
                    StoreUpload(imageID: "living", uploadID: "upload"),
                    S3Names.foreign(imageID: image, multipart: foreign),
                ])
            for leftover in found { try await store.settle(leftover.upload) }
            #expect(try await store.contents().count == 1)
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            #expect(try await store.contents().count == 1)
        }
    }

    @Test func discardsUploadsThatPythonLeft() async throws {
        try await withS3Store { store async throws in
            let ours = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 30_000_000)
            try await ours.write(pieces: Noise.bytes(11_000_000, seed: 1))
            _ = try await store.bucket.startMultipart("image", owner: "upload", keepsChecksum: false)
            try await store.discardForeign(imageID: "image", minimumAge: .seconds(3600), context: .service)
            #expect(try await store.contents().count == 2)
            try await store.discardForeign(imageID: "image", minimumAge: .zero, context: .service)
            #expect(try await store.contents() == ["image of upload"])
            await ours.cancel()
        }
    }

    // MARK: Failures

    /// The gateway is killed and started again.
    @Test func anUploadSurvivesARestart() async throws {
        let service = try await S3Service.gateway()
        try await withS3Store(Self.inParts, service: service) { store async throws in
            let bytes = Noise.bytes(40_000_000, seed: 2)
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
            try await writer.write(pieces: Array(bytes[..<12_000_000]))
            try await service.server.stop()
            async let restart: Void = service.server.start()
            try await writer.write(pieces: Array(bytes[12_000_000...]))
            let location = try await writer.commit()
            try await restart
            #expect(try await store.read(location) == bytes)
        }
    }

    @Test func aDownloadSurvivesARestart() async throws {
        let service = try await S3Service.gateway()
        try await withS3Store(service: service) { store async throws in
            let bytes = Noise.bytes(60_000_000, seed: 2)
            let location = try await store.add("image", bytes)
            guard case .stream(_, let chunks) = try await store.open(location, range: 1..<60_000_000) else {
                throw TestFailure("no stream")
            }
            var received: [UInt8] = []
            var isRestarted = false
            for try await chunk in chunks {
                received += chunk.readableBytesView
                if !isRestarted {
                    isRestarted = true
                    try await service.server.stop()
                    try await service.server.start()
                }
            }
            #expect(received == Array(bytes[1...]))
        }
    }

    @Test func aDownloadOfWhatIsReplacedEndsInAnError() async throws {
        let service = try await S3Service.gateway()
        try await withS3Store(service: service) { store async throws in
            let location = try await store.add("image", Noise.bytes(60_000_000, seed: 2))
            guard case .stream(_, let chunks) = try await store.open(location, range: nil) else {
                throw TestFailure("no stream")
            }
            var iterator = chunks.makeAsyncIterator()
            _ = try await iterator.next()
            try await service.server.stop()
            try await service.server.start()
            try await store.delete(location)
            try await store.add("image", Noise.bytes(60_000_000, seed: 3))
            let failure = await error { while try await iterator.next() != nil {} }
            #expect(failure?.isOutage == true, "\(String(describing: failure))")
        }
    }

    @Test func aServiceThatIsAwayIsAnOutage() async throws {
        let service = try await S3Service.gateway()
        let store = try S3Store.made(service.options())
        try await service.server.stop()
        #expect(await error { try await store.prepare() }?.isOutage == true)
        let failure = await error { try await store.check() }
        #expect(failure?.isOutage == true, "\(String(describing: failure))")
        try await service.server.start()
        #expect(try await store.read(try await store.add("image", [1])) == [1])
        await store.shutdown()
    }

    @Test func wrongKeysAreRefused() async throws {
        let service = try await S3Service.gateway()
        let options = service.options()
        let store = try S3Store.made(options)
        try await store.prepare()
        let location = try await store.add("image", [1])
        for wrong in [
            ["s3_store_secret_key": "wrongsecret"], ["s3_store_access_key": "wrongaccess"],
            [
                "s3_store_access_key": try service.server.setting("S3_OTHER_ACCESS_KEY"),
                "s3_store_secret_key": try service.server.setting("S3_OTHER_SECRET_KEY"),
            ],
        ] {
            let refused = try S3Store.made(options.merging(wrong) { $1 })
            let attempts: [() async throws -> Void] = [
                { try await refused.prepare() }, { try await refused.check() },
                { _ = try await refused.open(location, range: nil) },
                { _ = try await refused.size(of: location) }, { try await refused.delete(location) },
                { try await refused.add("other", [1]) },
            ]
            for attempt in attempts {
                let failure = await error(attempt)
                guard case .permissionDenied(let text) = failure else {
                    Issue.record("\(String(describing: failure))")
                    continue
                }
                #expect(!text.contains("wrong"))
            }
            await refused.shutdown()
        }
        #expect(try await store.read(location) == [1])
        await store.shutdown()
    }

    /// Something renews the credentials of a profile while the service runs.
    @Test func renewedCredentialsAreTakenUp() async throws {
        let service = try await S3Service.gateway()
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/credentials"
            func write(_ secret: String) throws {
                try "[default]\naws_access_key_id = \(service.accessKey)\naws_secret_access_key = \(secret)\n"
                    .write(toFile: file, atomically: true, encoding: .utf8)
            }
            try write("old")
            let store = try S3Store.made(
                service.options(["s3_store_access_key": "", "s3_store_secret_key": ""]),
                environment: ["AWS_SHARED_CREDENTIALS_FILE": file])
            for attempt in [{ try await store.prepare() }, { _ = try await store.add("image", [1]) }] {
                #expect(await error(attempt)?.isOutage == true)
            }
            try write(service.secretKey)
            try await store.prepare()
            #expect(try await store.read(try await store.add("image", [1])) == [1])
            await store.shutdown()
        }
    }

    @Test func clocksMayDiffer() async throws {
        let service = try await S3Service.gateway()
        let store = try S3Store.made(service.options())
        try await store.prepare()
        try await store.add("image", [1])
        let credentials = try #require(store.settings.credentials.load())
        for skew in [7200, -7200] as [Int64] {
            let client = S3Client(
                settings: store.settings, credentials: credentials,
                http: OutgoingHTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton),
                clock: { .now.advanced(bySeconds: skew) })
            let bucket = S3Bucket(client: client, name: store.settings.bucket)
            #expect(try await bucket.head("image").size == 1)
            #expect(abs(client.now.secondsSince1970 - store.client.now.secondsSince1970) < 60)
            await client.shutdown()
        }
        await store.shutdown()
    }

    /// Swift takes signatures for one region only, and says which.
    @Test func theServiceMayNameTheRegion() async throws {
        let service = try await S3Service.swift()
        let options = service.options()
        let store = try S3Store.made(options)
        try await store.prepare()
        let location = try await store.add("image", [1, 2])
        for first in ["read", "head", "write"] {
            let other = try S3Store.made(options.merging(["s3_store_region_name": "eu-west-1"]) { $1 })
            switch first {
            case "read": #expect(try await other.read(location) == [1, 2])
            case "head": #expect(try await other.size(of: location) == 2)
            default: try await other.add("another", [3])
            }
            #expect(other.client.region == "us-east-1")
            await other.shutdown()
        }
        await store.shutdown()
    }

    @Test func bucketsAreCreatedInTheirRegion() async throws {
        let service = try await S3Service.gateway()
        let region = try service.server.setting("S3_REGION")
        try await withS3Store(["s3_store_region_name": region], service: service) { store async throws in
            #expect(try await store.read(try await store.add("image", [1])) == [1])
        }
    }

    @Test func aMissingBucketIsNoLossOfImages() async throws {
        let service = try await S3Service.gateway()
        let store = try S3Store.made(service.options(["s3_store_create_bucket_on_put": "false"]))
        let location = store.location(of: "image")
        let attempts: [() async throws -> Void] = [
            { try await store.prepare() }, { _ = try await store.open(location, range: nil) },
            { _ = try await store.size(of: location) },
            { try await store.delete(location) }, { try await store.add("image", [1]) },
        ]
        for attempt in attempts {
            #expect(await error(attempt) == .backend("the bucket does not exist"))
        }
        guard case .badConfiguration(let text) = await error({ try await store.check() }) else {
            throw TestFailure("no configuration error")
        }
        #expect(text.contains("s3_store_bucket"))
        await store.shutdown()
        // Created by the first upload where it could not be before.
        let creating = try S3Store.made(service.options())
        #expect(try await creating.read(try await creating.add("image", [1])) == [1])
        await creating.shutdown()
    }

    @Test(arguments: [3_000_000, 6_000_000, 12_000_000])
    func aFullQuotaIsTold(_ size: Int) async throws {
        let service = try await S3Service.gateway()
        var options = Self.inParts
        options["s3_store_access_key"] = try service.server.setting("S3_SMALL_ACCESS_KEY")
        options["s3_store_secret_key"] = try service.server.setting("S3_SMALL_SECRET_KEY")
        try await withS3Store(options, service: service) { store async throws in
            let failure = await error {
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
                do {
                    try await writer.write(pieces: Noise.bytes(size, seed: 1))
                    _ = try await writer.commit()
                } catch {
                    await writer.cancel()
                    throw error
                }
            }
            if size < 4 << 20 {
                #expect(failure == nil)
                try await store.settle(StoreUpload(imageID: "image", uploadID: "upload"))
                try await store.delete(store.location(of: "image"))
            } else {
                #expect(failure == .full)
            }
            #expect(try await store.contents() == [])
        }
    }

    // MARK: TLS

    @Test func onlyTrustedServersAreTalkedTo() async throws {
        let service = try await S3Service.gateway()
        let secure = ["s3_store_host": try service.server.setting("S3_TLS_URL")]
        let trusting = secure.merging(["s3_store_cacert": try service.server.setting("S3_CA")]) { $1 }
        try await withS3Store(trusting, service: service) { store async throws in
            let location = try await store.add("image", Noise.bytes(200_000, seed: 1))
            #expect(location.url.hasPrefix("s3+https://127.0.0.1:"))
            #expect(try await store.read(location) == Noise.bytes(200_000, seed: 1))
        }
        let doubting = try S3Store.made(service.options(secure))
        for attempt in [{ try await doubting.prepare() }, { try await doubting.check() }] {
            let failure = await error(attempt)
            #expect(failure?.isOutage == true)
            #expect("\(String(describing: failure))".contains("s3_store_cacert"))
        }
        await doubting.shutdown()
        #expect(throws: StoreError.self) {
            try S3Store.made(service.options(["s3_store_cacert": "/nowhere/ca.pem"]))
        }
    }

    // MARK: Addresses

    @Test func bucketsMayBeInHostNames() async throws {
        let service = try await S3Service.gateway()
        let host = try service.server.setting("S3_VIRTUAL_HOST")
        let bucket = "virtual-\(UUID().uuidString.lowercased())"
        var options = service.options(["s3_store_bucket": bucket])
        let plain = try S3Store.made(options)
        try await plain.prepare()
        options["s3_store_host"] = host
        options["s3_store_bucket_url_format"] = "virtual"
        let settings = try S3Store.made(options).settings
        var http = OutgoingHTTPSettings()
        http.addresses = ["\(bucket).localhost": "127.0.0.1"]
        let client = S3Client(
            settings: settings, credentials: try #require(settings.credentials.load()),
            http: OutgoingHTTPClient(http, eventLoopGroup: MultiThreadedEventLoopGroup.singleton))
        let virtual = S3Bucket(client: client, name: bucket)
        try await virtual.put("image", "data", owner: "upload")
        #expect(try await plain.bucket.text("image") == "data")
        #expect(try await virtual.list(prefix: "").map(\.key) == ["image"])
        await client.shutdown()
        await plain.shutdown()
    }

    @Test func knowsItsOwnLocations() async throws {
        let store = try S3Store.made(
            [
                "s3_store_host": "http://host:7480", "s3_store_access_key": "a", "s3_store_secret_key": "s",
                "s3_store_bucket": "b",
            ])
        #expect(store.location(of: "id").url == "s3://host:7480/b/id")
        for url in ["s3://host:7480/b/id", "s3://a:s@HOST:7480/b/id", "s3+http://host:7480/b/id"] {
            #expect(store.owns(ImageLocation(url: url)))
        }
        for url in ["s3://host/b/id", "s3://host:7480/c/id", "file:///b/id", ""] {
            #expect(!store.owns(ImageLocation(url: url)))
        }
        #expect(
            store.properties == [
                "s3_store_large_object_size": 104_857_600, "s3_store_large_object_chunk_size": 10_485_760,
                "s3_store_thread_pools": 10,
            ])
        await store.shutdown()
    }
}
