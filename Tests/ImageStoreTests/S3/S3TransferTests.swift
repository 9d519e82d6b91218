import Foundation
import ImageModel
import ImageStore
import Synchronization
import TestSupport
import Testing
import TextCoding

@testable import S3Driver

/// What changes while a transfer is under way, on Ceph's object gateway.
@Suite struct S3TransferTests {
    private static let inParts = ["s3_store_large_object_size": "0", "s3_store_large_object_chunk_size": "5"]

    /// A clock that can be set.
    private final class TestClock: Sendable {
        private let offset = Mutex(Int64(0))

        func set(ahead seconds: Int64) { offset.withLock { $0 = seconds } }
        var now: Timestamp { .now.advanced(bySeconds: offset.withLock { $0 }) }
    }

    /// The service refuses signatures whose time differs by a quarter of an hour.
    @Test(arguments: [S3Settings.largestPart, 1 << 20])
    func transfersSurviveAClockThatIsSet(_ largestHeldPart: Int) async throws {
        let service = try await S3Service.gateway()
        let clock = TestClock()
        let read: @Sendable () -> Timestamp = { clock.now }
        try await withS3Store(
            Self.inParts, service: service, largestHeldPart: largestHeldPart, clock: read
        ) { store async throws in
            let bytes = Noise.bytes(60_000_000, seed: 1)
            let upload = StoreUpload(imageID: "image", uploadID: "upload")
            let writer = try await store.makeWriter(for: upload, expectedSize: 60_000_000, context: .service)
            try await writer.write(pieces: Array(bytes[..<12_000_000]))
            clock.set(ahead: 7200)
            try await writer.write(pieces: Array(bytes[12_000_000...]))
            let location = try await writer.commit()
            try await store.settle(upload)

            guard case .stream(_, let chunks) = try await store.open(location, range: nil, context: .service) else {
                throw TestFailure("no stream")
            }
            var received: [UInt8] = []
            for try await chunk in chunks {
                if received.isEmpty {
                    clock.set(ahead: -7200)
                    // What comes after this is asked for anew.
                    try await service.server.stop()
                    try await service.server.start()
                }
                received += chunk.readableBytesView
            }
            #expect(received == bytes)
            try await store.delete(location)
            #expect(try await store.contents() == [])
        }
    }

    /// The old key goes when the new one has been put into the profile.
    @Test(arguments: [S3Settings.largestPart, 1 << 20])
    func uploadsSurviveAChangeOfKeys(_ largestHeldPart: Int) async throws {
        let service = try await S3Service.gateway()
        let keys = (0..<2).map { _ in UUID().uuidString.replacing("-", with: "") }
        func administer(_ arguments: String...) async throws {
            try await command(
                "radosgw-admin",
                ["-c", service.server.setting("S3_ADMIN_CONF"), "-n", "client.rgw.test"] + arguments)
        }
        func add(_ key: String) async throws {
            try await administer(
                "key", "create", "--uid=glance", "--key-type=s3", "--access-key=\(key)", "--secret-key=secret\(key)")
        }
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/credentials"
            func write(_ key: String) throws {
                try "[default]\naws_access_key_id = \(key)\naws_secret_access_key = secret\(key)\n"
                    .write(toFile: file, atomically: true, encoding: .utf8)
            }
            try await add(keys[0])
            try write(keys[0])
            var options = service.options(Self.inParts)
            options["s3_store_access_key"] = ""
            options["s3_store_secret_key"] = ""
            let store = try S3Store.made(
                options, environment: ["AWS_SHARED_CREDENTIALS_FILE": file], largestHeldPart: largestHeldPart)
            try await TestStore.finally(store) {
                try await store.prepare()
                let bytes = Noise.bytes(18_000_000, seed: 2)
                let writer = try await store.makeWriter(
                    imageID: "image", uploadID: "upload", expectedSize: 18_000_000)
                // Whole parts: none is on its way when the key goes.
                try await writer.write(pieces: Array(bytes[..<(5 << 20)]))
                while try await store.partCount(of: "image") < 1 { await Task.yield() }
                try await add(keys[1])
                try write(keys[1])
                try await administer("key", "rm", "--uid=glance", "--key-type=s3", "--access-key=\(keys[0])")
                let old = try S3Store.made(
                    options.merging([
                        "s3_store_access_key": keys[0], "s3_store_secret_key": "secret\(keys[0])",
                    ]) { $1 })
                try await TestStore.finally(old) {
                    await #expect(throws: StoreError.self) { try await old.check() }
                }
                try await writer.write(pieces: Array(bytes[(5 << 20)...]))
                #expect(try await store.read(try await writer.commit()) == bytes)
            }
            try await administer("key", "rm", "--uid=glance", "--key-type=s3", "--access-key=\(keys[1])")
        }
    }
}

extension S3Store {
    /// How many whole parts of 5 MiB the service has of an image.
    fileprivate func partCount(of image: String) async throws -> Int {
        for entry in try await bucket.listMultipart(prefix: image) {
            if let progress = try await bucket.progress(image, entry.multipart) {
                return Int(progress.size) / (5 << 20)
            }
        }
        return 0
    }
}
