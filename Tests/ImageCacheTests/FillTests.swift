import Events
import Foundation
import Glibc
import ImageModel
import ImageStore
import NIOCore
import Testing

@testable import ImageCache

/// How images come into the cache and out of it.
@Suite struct FillTests {
    @Test func missFillsTheCacheAndHitServesTheFile() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(1_000_000))
        let image = try harness.image(source.bytes)
        let first = try await source.open(image, in: cache)
        guard case .stream(let size, _) = first else {
            Issue.record("the first download is no stream")
            return
        }
        #expect(size == 1_000_000)
        #expect(try await CacheHarness.read(first) == source.bytes)
        // Who has the last byte finds the image in the cache.
        #expect(harness.exists(image.id))
        #expect(try harness.names("incomplete") == [])
        guard case .file(let descriptor, let region) = try await source.open(image, in: cache) else {
            Issue.record("the second download is no file")
            return
        }
        close(descriptor)
        #expect(region == 0..<1_000_000)
        #expect(try Data(contentsOf: URL(filePath: harness.path(image.id))) == Data(source.bytes))
        #expect(source.count == 1)
        #expect(harness.events.count(of: .imageCached) == 1)
        await cache.close()
    }

    @Test func rangesAreServedFromTheFileAndFillNothing() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(300_000))
        let image = try harness.image(source.bytes)
        let part = try await CacheHarness.read(try await source.open(image, in: cache, range: 5..<10))
        #expect(part == Array(source.bytes[5..<10]))
        #expect(!harness.exists(image.id))
        _ = try await harness.download(image, from: cache, source)
        let opened = source.count
        let cached = try await CacheHarness.read(try await source.open(image, in: cache, range: 200_000..<200_010))
        #expect(cached == Array(source.bytes[200_000..<200_010]))
        #expect(source.count == opened)
        await cache.close()
    }

    @Test func oneFillServesEverybodyWhoAsksMeanwhile() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let other = try await harness.cache()
        let gate = Gate()
        let source = DataSource(CacheHarness.bytes(2_000_000), gate: gate)
        let image = try harness.image(source.bytes)
        // The fill stands at the gate, so all others come while it is under way; half of them to another process.
        let first = try await source.open(image, in: cache)
        try await withThrowingTaskGroup(of: [UInt8].self) { group in
            group.addTask { try await CacheHarness.read(first) }
            for number in 0..<20 {
                let content = try await source.open(image, in: number.isMultiple(of: 2) ? cache : other)
                group.addTask { try await CacheHarness.read(content) }
            }
            gate.open()
            for try await bytes in group { #expect(bytes == source.bytes) }
        }
        #expect(source.count == 1)
        #expect(harness.exists(image.id))
        await cache.close()
        await other.close()
    }

    @Test func readersGoOnWithTheStoreWhenTheFillFails() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let other = try await harness.cache()
        let gate = Gate()
        let source = DataSource(CacheHarness.bytes(1_000_000), breaksAfter: 500_000, gate: gate)
        let image = try harness.image(source.bytes)
        let contents = [
            try await source.open(image, in: cache), try await source.open(image, in: cache),
            try await source.open(image, in: other),
        ]
        gate.open()
        for content in contents { #expect(try await CacheHarness.read(content) == source.bytes) }
        // They ask for nothing that they have.
        #expect(source.opened.withLock { $0.dropFirst().allSatisfy { ($0?.lowerBound ?? 0) > 0 } })
        #expect(try harness.names("incomplete") == [])
        #expect(!harness.exists(image.id))
        #expect(harness.events.count(of: .cacheFillFailed) == 1)
        await cache.close()
        await other.close()
    }

    @Test func clientThatGoesAwayLeavesNothing() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let gate = Gate()
        let source = DataSource(CacheHarness.bytes(1_000_000), gate: gate)
        let image = try harness.image(source.bytes)
        do {
            let content = try await source.open(image, in: cache)
            guard case .stream(_, let chunks) = content else { return }
            var iterator = chunks.makeAsyncIterator()
            _ = try await iterator.next()
        }
        gate.open()
        try await eventually { try harness.names("incomplete").isEmpty }
        #expect(!harness.exists(image.id))
        // The next one fills it.
        #expect(try await harness.download(image, from: cache, DataSource(source.bytes)) == source.bytes)
        #expect(harness.exists(image.id))
        await cache.close()
    }

    @Test func whatADeadProcessHasLeftIsFilledAnew() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(200_000))
        let image = try harness.image(source.bytes)
        try harness.write("incomplete/\(image.id)", [1, 2, 3])
        #expect(try await harness.download(image, from: cache, source) == source.bytes)
        #expect(harness.exists(image.id))
        await cache.close()
    }

    @Test func wrongDataAreServedAndNotCached() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let image = try harness.image(CacheHarness.bytes(300_000))
        let source = DataSource(CacheHarness.bytes(300_000, seed: 2))
        #expect(try await harness.download(image, from: cache, source) == source.bytes)
        try await eventually { harness.events.count(of: .cacheFillFailed) == 1 }
        #expect(!harness.exists(image.id))
        #expect(try harness.names("incomplete") + harness.names("invalid") == [])
        await cache.close()
    }

    /// Images from Glance before Rocky have only an MD5.
    @Test func checksumCountsWhereThereIsNoHash() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(Array("data".utf8))
        var image = try harness.image(source.bytes)
        image.hashAlgorithm = nil
        image.hashValue = nil
        image.checksum = "8d777f385d3dfec8815d20f7496026dc"
        _ = try await harness.download(image, from: cache, source)
        #expect(harness.exists(image.id))
        image.id = try harness.image([1]).id
        image.checksum = "00000000000000000000000000000000"
        #expect(try await harness.download(image, from: cache, source) == source.bytes)
        try await eventually { harness.events.count(of: .cacheFillFailed) == 1 }
        #expect(!harness.exists(image.id))
        await cache.close()
    }

    @Test(arguments: [true, false]) func storeWithAnotherSizeFillsNothing(_ isLonger: Bool) async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let bytes = CacheHarness.bytes(300_000)
        let image = try harness.image(bytes)
        let wrong = isLonger ? bytes + [0] : Array(bytes.dropLast())
        // One that says so, and one that does not.
        let announcing = DataSource(wrong)
        guard case .stream(let size, _) = try await announcing.open(image, in: cache) else {
            Issue.record("not the store's own answer")
            return
        }
        #expect(size == Int64(wrong.count))
        let silent = DataSource(wrong, announced: image.size)
        _ = try? await harness.download(image, from: cache, silent)
        try await eventually { try harness.names("incomplete").isEmpty }
        #expect(!harness.exists(image.id))
        await cache.close()
    }

    @Test func storeThatFailsAtOnceFailsTheDownload() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let image = try harness.image(CacheHarness.bytes(1000))
        await #expect(throws: StoreError.notFound) {
            _ = try await cache.open(image, range: nil) { _ in throw StoreError.notFound }
        }
        #expect(try harness.names("incomplete") == [])
        let source = DataSource(CacheHarness.bytes(1000))
        #expect(try await harness.download(image, from: cache, source) == source.bytes)
        await cache.close()
    }

    @Test func damagedFileIsRemovedAndTheStoreServes() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(1000))
        let image = try harness.image(source.bytes)
        _ = try await harness.download(image, from: cache, source)
        try harness.write(image.id, Array("0123456789".utf8))
        let part = try await CacheHarness.read(try await source.open(image, in: cache, range: 3..<6))
        #expect(part == Array(source.bytes[3..<6]))
        #expect(!harness.exists(image.id))
        #expect(harness.events.count(of: .cacheFileDamaged) == 1)
        #expect(try await cache.contents().cached.isEmpty)
        await cache.close()
    }

    /// The space is kept before anything is read, so a disk that is too small for an image is never filled with half of it.
    @Test func diskWithoutRoomMeansADirectDownload() async throws {
        let harness = try await CacheHarness(maximumSize: .max / 2)
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(1000), announced: 1 << 55)
        var image = try harness.image(source.bytes)
        image.size = 1 << 55
        #expect(try await CacheHarness.read(try await source.open(image, in: cache)) == source.bytes)
        #expect(try harness.names("incomplete") == [])
        #expect(harness.events.count(of: .cacheUnusable) == 1)
        await cache.close()
    }

    @Test func directoryThatCannotBeUsedMeansDirectDownloads() async throws {
        let harness = try await CacheHarness()
        try Data("file".utf8).write(
            to: URL(filePath: harness.path("")).deletingLastPathComponent().appending(path: "cache"))
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(1000))
        let image = try harness.image(source.bytes)
        for _ in 0..<3 { #expect(try await harness.download(image, from: cache, source) == source.bytes) }
        #expect(harness.events.count(of: .cacheUnusable) == 1)
        await cache.close()
    }

    /// `DELETE /v2/cache/{image_id}` while a client downloads.
    @Test func imageThatIsRemovedMeanwhileIsNotPublished() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let gate = Gate()
        let source = DataSource(CacheHarness.bytes(500_000), gate: gate)
        let image = try harness.image(source.bytes)
        let content = try await source.open(image, in: cache)
        try await cache.remove(image.id)
        gate.open()
        #expect(try await CacheHarness.read(content) == source.bytes)
        #expect(!harness.exists(image.id))
        await cache.close()
    }

    @Test(arguments: [ImageStatus.queued, .saving, .deactivated, .pendingDelete])
    func onlyActiveImagesAreServedFromTheCache(_ status: ImageStatus) async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(1000))
        var image = try harness.image(source.bytes)
        _ = try await harness.download(image, from: cache, source)
        image.status = status
        #expect(await !cache.holds(image))
        let content = try await cache.open(image, range: nil, store: source.open)
        #expect(content.map { _ in true } == nil)
        await cache.close()
    }
}
