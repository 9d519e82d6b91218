import Foundation
import ImageModel
import ImageStore
import NIOCore
import TestSupport
import Testing

@testable import S3Driver

/// Parts that are too large to be held, as those of an image of several hundred GiB.
@Suite struct StreamedPartsTests {
    private static let inParts = ["s3_store_large_object_size": "0", "s3_store_large_object_chunk_size": "5"]

    private func withStore(
        _ options: [String: String] = [:], service: S3Service? = nil, _ body: (S3Store) async throws -> Void
    ) async throws {
        try await withS3Store(
            Self.inParts.merging(options) { $1 }, service: service, largestHeldPart: 1 << 20, body)
    }

    @Test(arguments: [1, 5 << 20, 10 << 20, 23_000_001])
    func areSentAsTheyCome(_ size: Int) async throws {
        try await withStore { store async throws in
            let bytes = Noise.bytes(size, seed: 1)
            let location = try await store.add("image", bytes)
            #expect(
                try await store.bucket.head("image").tag?.hasSuffix("-\((size + (5 << 20) - 1) / (5 << 20))\"") == true)
            #expect(try await store.read(location) == bytes)
            #expect(try await store.contents() == ["image"])
        }
    }

    /// A second implementation of the service.
    @Test func areSentToSwiftAsTheyCome() async throws {
        try await withStore(service: .swift()) { store async throws in
            let bytes = Noise.bytes(12_000_000, seed: 2)
            #expect(try await store.read(try await store.add("image", bytes)) == bytes)
        }
    }

    @Test func areSignedWhereChecksumsAreWanted() async throws {
        let options = [
            "s3_store_enable_data_integrity_protection": "true",
            "s3_store_request_checksum_calculation": "when_supported",
        ]
        try await withStore(options) { store async throws in
            let bytes = Noise.bytes(6_000_000, seed: 3)
            #expect(try await store.read(try await store.add("image", bytes)) == bytes)
        }
    }

    /// More, or less, than was announced.
    @Test(arguments: [0, 5_999_999, 6_000_001, 12_000_000])
    func haveTheLengthThatWasAnnounced(_ size: Int) async throws {
        try await withStore { store async throws in
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 6_000_000)
            await #expect(throws: StoreError.self) {
                try await writer.write(pieces: Noise.bytes(size, seed: 4))
                _ = try await writer.commit()
            }
            await writer.cancel()
            #expect(try await store.contents() == [])
        }
    }

    @Test func aRestartInMidUploadEndsItCleanly() async throws {
        let service = try await S3Service.gateway()
        try await withStore(service: service) { store async throws in
            let bytes = Noise.bytes(30_000_000, seed: 5)
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 30_000_000)
            try await writer.write(pieces: Array(bytes[..<7_000_000]))
            try await service.server.stop()
            try await service.server.start()
            let error = await #expect(throws: StoreError.self) {
                try await writer.write(pieces: Array(bytes[7_000_000...]))
                _ = try await writer.commit()
            }
            #expect(error?.isOutage == true, "\(String(describing: error))")
            await writer.cancel()
            #expect(try await store.contents() == [])
            #expect(try await store.read(try await store.add("image", bytes)) == bytes)
        }
    }

    @Test func aFullQuotaIsTold() async throws {
        let service = try await S3Service.gateway()
        let options = [
            "s3_store_access_key": try service.server.setting("S3_SMALL_ACCESS_KEY"),
            "s3_store_secret_key": try service.server.setting("S3_SMALL_SECRET_KEY"),
        ]
        try await withStore(options, service: service) { store async throws in
            let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: 12_000_000)
            await #expect(throws: StoreError.full) {
                try await writer.write(pieces: Noise.bytes(12_000_000, seed: 6))
                _ = try await writer.commit()
            }
            await writer.cancel()
            #expect(try await store.contents() == [])
        }
    }

    /// The parts of an image of 5 TiB have 525 MiB each. The process is one of its own, so that nothing else counts.
    @Test func hugeImagesNeedLittleMemory() async throws {
        let options = try await S3Service.gateway().options()
        await #expect(processExitsWith: .success) { [options = options as [String: String]] in
            let budget = TransferBudget()
            let store = try S3Store.made(options, budget: budget)
            try await store.prepare()
            let writer = try await store.makeWriter(imageID: "huge", uploadID: "upload", expectedSize: 5 << 40)
            let block = ByteBuffer(bytes: Noise.bytes(1 << 20, seed: 7))
            for _ in 0..<16 { try await writer.write(block) }
            let before = try Self.residentSize()
            for _ in 0..<112 { try await writer.write(block) }
            let growth = try Self.residentSize() - before
            #expect(growth < 16 << 20, "\(growth >> 20) MiB")
            #expect(budget.held == 0)
            await writer.cancel()
            #expect(try await store.contents() == [])
            await store.shutdown()
        }
    }

    /// Bytes of this process that are in memory.
    private static func residentSize() throws -> Int {
        let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        guard fields.count > 1, let pages = Int(fields[1]) else { throw TestFailure("statm cannot be read") }
        return pages * Int(getpagesize())
    }
}
