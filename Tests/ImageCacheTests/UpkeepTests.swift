import Events
import Foundation
import Glibc
import ImageDatabase
import ImageModel
import OsloConfig
import Testing
import TextCoding

@testable import ImageCache

/// Room, order and the index.
@Suite struct UpkeepTests {
    private static let drivers: [CacheSettings.Driver] = [.sqlite, .centralizedDatabase, .attributes]

    /// Caches an image of some bytes.
    private func cached(_ count: Int, _ harness: CacheHarness, _ cache: ImageCache) async throws -> Image {
        let source = DataSource(CacheHarness.bytes(count))
        let image = try harness.image(source.bytes)
        #expect(try await harness.download(image, from: cache, source) == source.bytes)
        return image
    }

    private func use(_ image: Image, _ cache: ImageCache) async throws {
        let content = try #require(
            try await cache.open(image, range: nil) { _ in
                throw DataSource.Broken()
            })
        guard case .file(let descriptor, _) = content else { throw DataSource.Broken() }
        close(descriptor)
    }

    @Test(arguments: drivers) func usesAreCounted(_ driver: CacheSettings.Driver) async throws {
        let harness = try await CacheHarness(driver: driver)
        let cache = try await harness.cache()
        let images = [try await cached(1000, harness, cache), try await cached(2000, harness, cache)]
        let before = try await cache.contents().cached
        #expect(before.map(\.imageID) == images.map(\.id).sorted())
        #expect(before.allSatisfy { $0.hits == 0 })
        for _ in 0..<3 { try await use(images[0], cache) }
        let after = try await cache.contents().cached
        let used = try #require(after.first { $0.imageID == images[0].id })
        #expect(used.hits == 3)
        #expect(used.size == 1000)
        #expect(used.lastAccessed >= used.lastModified)
        #expect(after.first { $0.imageID == images[1].id }?.hits == 0)
        await cache.close()
        // What was counted is there for the next process.
        let next = try await harness.cache()
        #expect(try await next.contents().cached.first { $0.imageID == images[0].id }?.hits == 3)
        #expect(try await next.removeAll() == 2)
        #expect(try await next.contents().cached == [])
        await next.close()
    }

    @Test(arguments: drivers) func limitIsKeptByRemovingWhatWasUsedLeast(_ driver: CacheSettings.Driver) async throws {
        let harness = try await CacheHarness(maximumSize: 1_000_000, driver: driver)
        let cache = try await harness.cache()
        let old = try await cached(400_000, harness, cache)
        let second = try await cached(400_000, harness, cache)
        try await use(old, cache)
        let third = try await cached(400_000, harness, cache)
        #expect(harness.exists(old.id))
        #expect(!harness.exists(second.id))
        #expect(harness.exists(third.id))
        #expect(try await Set(cache.contents().cached.map(\.imageID)) == [old.id, third.id])
        await cache.close()
    }

    @Test func imageLargerThanTheCacheEvictsNothing() async throws {
        let harness = try await CacheHarness(maximumSize: 1_000_000)
        let cache = try await harness.cache()
        let small = try await cached(400_000, harness, cache)
        let source = DataSource(CacheHarness.bytes(1_500_000))
        let large = try harness.image(source.bytes)
        #expect(try await harness.download(large, from: cache, source) == source.bytes)
        #expect(harness.exists(small.id))
        #expect(!harness.exists(large.id))
        await cache.close()
    }

    /// Fills that are under way count with all that they are going to write.
    @Test func fillsSideBySideKeepTheLimit() async throws {
        let harness = try await CacheHarness(maximumSize: 1_000_000)
        let cache = try await harness.cache()
        let gate = Gate()
        let first = DataSource(CacheHarness.bytes(800_000), gate: gate)
        let image = try harness.image(first.bytes)
        let content = try await first.open(image, in: cache)
        let second = DataSource(CacheHarness.bytes(800_000, seed: 3))
        let other = try harness.image(second.bytes)
        #expect(try await harness.download(other, from: cache, second) == second.bytes)
        #expect(!harness.exists(other.id))
        gate.open()
        #expect(try await CacheHarness.read(content) == first.bytes)
        #expect(harness.exists(image.id))
        await cache.close()
    }

    @Test func pruningReducesTheCacheToItsSize() async throws {
        let harness = try await CacheHarness()
        let large = try await harness.cache()
        var images: [Image] = []
        for _ in 0..<5 { images.append(try await cached(100_000, harness, large)) }
        await large.close()
        let cache = try await harness.cache(maximumSize: 250_000)
        let pruned = try await cache.prune()
        #expect(pruned.files == 3)
        #expect(pruned.bytes == 300_000)
        #expect(images.map { harness.exists($0.id) } == [false, false, false, true, true])
        #expect(try await cache.prune() == (0, 0))
        // Files without a row end nothing and are pruned like others.
        try harness.write(UUIDText.random(), CacheHarness.bytes(200_000))
        #expect(try await cache.prune().files > 0)
        await cache.close()
    }

    @Test func cleaningRemovesWhatNobodyFills() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let gate = Gate()
        let source = DataSource(CacheHarness.bytes(300_000), gate: gate)
        let image = try harness.image(source.bytes)
        let content = try await source.open(image, in: cache)
        try harness.write("invalid/whatever", [1])
        try harness.write("incomplete/dead", [1])
        try harness.write("incomplete/recent", [1])
        try harness.age("incomplete/dead", seconds: 90)
        try await cache.clean()
        #expect(try harness.names("invalid") == [])
        #expect(try harness.names("incomplete") == [image.id, "recent"].sorted())
        // At the start of the node's process there is nobody to spare.
        try await cache.clean(grace: .zero)
        #expect(try harness.names("incomplete") == [image.id])
        // One that makes no progress for image_cache_stall_time is given up.
        try harness.age("incomplete/\(image.id)", seconds: 90_000)
        try await cache.clean()
        #expect(try harness.names("incomplete") == [])
        gate.open()
        #expect(try await CacheHarness.read(content) == source.bytes)
        #expect(!harness.exists(image.id))
        await cache.close()
    }

    @Test(arguments: drivers) func indexIsMadeAnewFromTheDirectory(_ driver: CacheSettings.Driver) async throws {
        let harness = try await CacheHarness(driver: driver)
        let cache = try await harness.cache()
        let kept = try await cached(1000, harness, cache)
        let lost = try await cached(1000, harness, cache)
        try FileManager.default.removeItem(atPath: harness.path(lost.id))
        let found = UUIDText.random()
        try harness.write(found, [1, 2, 3])
        #expect(try await cache.contents().cached.contains { $0.imageID == lost.id } == false)
        try await cache.reconcile()
        #expect(try await cache.contents().cached.map(\.imageID) == [kept.id, found].sorted())
        #expect(try await cache.contents().cached.first { $0.imageID == found }?.size == 3)
        await cache.close()
    }

    @Test func indexThatIsNoDatabaseIsReplaced() async throws {
        let harness = try await CacheHarness()
        let first = try await harness.cache()
        let image = try await cached(1000, harness, first)
        await first.close()
        try harness.write("cache.db", Array("nonsense that is long enough for a header".utf8))
        let cache = try await harness.cache()
        try await cache.reconcile()
        #expect(try await cache.contents().cached.map(\.imageID) == [image.id])
        await cache.close()
    }

    /// A node that changes from `sqlite` to `centralized_db` keeps what it knows.
    @Test func mainDatabaseTakesOverTheLocalIndex() async throws {
        let harness = try await CacheHarness()
        let local = try await harness.cache()
        let image = try await cached(1000, harness, local)
        for _ in 0..<2 { try await use(image, local) }
        await local.close()
        let cache = try await harness.cache(driver: .centralizedDatabase)
        try await cache.adoptLocalIndex()
        try await cache.adoptLocalIndex()
        let entry = try #require(try await cache.contents().cached.first)
        #expect(entry.imageID == image.id)
        #expect(entry.hits == 2)
        #expect(try await cache.nodes(of: image.id) == ["http://node-1:9292"])
        await cache.close()
    }

    @Test func nodesAreKeptApart() async throws {
        let harness = try await CacheHarness(driver: .centralizedDatabase)
        let one = try await harness.cache()
        let image = try await cached(1000, harness, one)
        let two = try await harness.cache(node: "http://node-2:9292")
        #expect(try await two.contents().cached == [])
        try await two.index.add([
            CachedImage(imageID: image.id, lastAccessed: .now, lastModified: .now, size: 1000)
        ])
        #expect(try await one.nodes(of: image.id) == ["http://node-1:9292", "http://node-2:9292"])
        try await one.index.removeAll()
        #expect(try await one.nodes(of: image.id) == ["http://node-2:9292"])
        await one.close()
        await two.close()
    }

    @Test func imagesDeletedElsewhereAreForgotten() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let kept = try await cached(1000, harness, cache)
        let deleted = try await cached(1000, harness, cache)
        for image in [kept, deleted] {
            try await harness.database.images.insert(Image(id: image.id, status: .active, size: 1000))
        }
        _ = try await harness.database.images.delete(deleted.id, to: .deleted, from: [.active])
        try await cache.queue(UUIDText.random(), isUrgent: false)
        try await cache.forgetDeleted(harness.database)
        #expect(try await cache.contents().cached.map(\.imageID) == [kept.id])
        #expect(try await cache.contents().queued == [])
        await cache.close()
    }

    @Test func queueIsWorkedOffInItsOrderUrgentOnesAtOnce() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let ids = (0..<3).map { _ in UUIDText.random() }
        for id in ids { try await cache.queue(id, isUrgent: false) }
        for (index, id) in ids.enumerated() { try harness.age("queue/\(id)", seconds: Double(100 - index)) }
        let urgent = UUIDText.random()
        try await cache.queue(urgent, isUrgent: true)
        #expect(try await cache.contents().queued == ids + [urgent])
        #expect(try await cache.due(after: .seconds(1000)) == [urgent])
        #expect(try await cache.due(after: .seconds(50)) == ids + [urgent])
        #expect(try await cache.unqueueAll() == 4)
        #expect(try await cache.contents().queued == [])
        // Names lead nowhere else.
        try await cache.queue("../escaped", isUrgent: false)
        #expect(!harness.exists("escaped"))
        await cache.close()
    }

    @Test func fetchFillsTheCacheForNobody() async throws {
        let harness = try await CacheHarness()
        let cache = try await harness.cache()
        let source = DataSource(CacheHarness.bytes(300_000))
        let image = try harness.image(source.bytes)
        try await cache.queue(image.id, isUrgent: true)
        #expect(try await cache.fetch(image, store: source.open) == .cached)
        #expect(harness.exists(image.id))
        #expect(try await cache.contents().queued == [])
        #expect(try await cache.fetch(image, store: source.open) == .cached)
        #expect(source.count == 1)
        var large = image
        large.id = UUIDText.random()
        large.size = 1 << 40
        #expect(try await cache.fetch(large, store: source.open) == .impossible)
        await cache.close()
    }

    // MARK: Settings

    private func settings(_ text: String) throws -> CacheSettings? {
        try CacheSettings(try Configuration(text: "[DEFAULT]\n\(text)\n"))
    }

    @Test func settingsAreThoseOfTheOptions() throws {
        #expect(try settings("") == nil)
        #expect(try settings("image_cache_dir =") == nil)
        let settings = try #require(
            try settings(
                """
                image_cache_dir = /var/cache/images/
                image_cache_max_size = 1000
                image_cache_stall_time = 10
                image_cache_sqlite_db = index.db
                image_cache_driver = sqlite
                """))
        #expect(settings.directory == "/var/cache/images")
        #expect(settings.maximumSize == 1000)
        #expect(settings.stallTime == .seconds(10))
        #expect(settings.indexFile == "/var/cache/images/index.db")
        #expect(settings.driver == .sqlite)
        #expect(settings.warnings == [])
    }

    @Test func mainDatabaseNeedsTheNodesURL() throws {
        let chosen = try settings("image_cache_dir = /c\nworker_self_reference_url = http://n:9292")
        #expect(chosen?.driver == .centralizedDatabase)
        #expect(chosen?.node == "http://n:9292")
        // What upgraded installations have was Zed's default.
        let upgraded = try settings("image_cache_dir = /c")
        #expect(upgraded?.driver == .sqlite)
        #expect(upgraded?.warnings.count == 1)
        #expect(throws: ConfigurationError.self) {
            try settings("image_cache_dir = /c\nimage_cache_driver = centralized_db")
        }
    }
}
