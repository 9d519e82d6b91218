import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase

/// Glance's tables of the shared image cache.
@Suite struct CachedImagesTests {
    private static let node = "http://node-1:9292"

    private func entry(_ id: String, size: Int64 = 10, at seconds: Int64 = 1_700_000_000) -> CachedImage {
        let time = Timestamp(microseconds: seconds * 1_000_000 + 123_456)
        return CachedImage(imageID: id, lastAccessed: time, lastModified: time, size: size)
    }

    @Test(arguments: Backend.allCases) func nodesHaveEntriesOfTheirOwn(_ backend: Backend) async throws {
        try await backend.withDatabase { database in
            let table = database.cachedImages
            #expect(try await table.entries(of: Self.node) == [])
            try await table.add([entry("b", size: 5_000_000_000), entry("a")], to: Self.node)
            try await table.add([entry("b")], to: "http://node-2:9292")
            var found = try await table.entries(of: Self.node)
            #expect(found.allSatisfy { ($0.rowID ?? 0) > 0 })
            for index in found.indices { found[index].rowID = nil }
            #expect(found == [entry("a"), entry("b", size: 5_000_000_000)])
            #expect(try await table.nodes(of: "b") == [Self.node, "http://node-2:9292"])
            #expect(try await table.nodes(of: "c") == [])
            // Again, and what is new counts.
            try await table.add([entry("a", size: 11, at: 1_800_000_000)], to: Self.node)
            let again = try #require(try await table.entries(of: Self.node).first)
            #expect(again.size == 11)
            #expect(again.lastAccessed.secondsSince1970 == 1_800_000_000)
            try await table.remove(["b", "c"], from: Self.node)
            #expect(try await table.entries(of: Self.node).map(\.imageID) == ["a"])
            try await table.removeAll(from: Self.node)
            #expect(try await table.entries(of: Self.node) == [])
            #expect(try await table.nodes(of: "b") == ["http://node-2:9292"])
        }
    }

    @Test(arguments: Backend.allCases) func usesAreAddedInOneStatementForMany(_ backend: Backend) async throws {
        try await backend.withDatabase { database in
            let table = database.cachedImages
            let ids = (0..<450).map { "image-\($0)" }
            try await table.add(ids.map { entry($0) }, to: Self.node)
            try await table.add([entry(ids[0])], to: "http://node-2:9292")
            let last = Timestamp(microseconds: 1_700_000_500_000_001)
            let uses = Dictionary(uniqueKeysWithValues: ids.dropLast().map { ($0, CacheUse(hits: 2, last: last)) })
            for _ in 0..<2 { try await table.count(uses, on: Self.node) }
            let entries = try await table.entries(of: Self.node)
            for entry in entries {
                #expect(entry.hits == (entry.imageID == ids.last ? 0 : 4))
                #expect((entry.lastAccessed == last) == (entry.imageID != ids.last))
            }
            #expect(try await table.entries(of: "http://node-2:9292").first?.hits == 0)
            // One that is gone from the cache meanwhile does no harm.
            try await table.count(["nothing": CacheUse(hits: 1, last: last)], on: Self.node)
        }
    }

    @Test(arguments: Backend.allCases) func deletedImagesAreFound(_ backend: Backend) async throws {
        try await backend.withDatabase { database in
            for id in ["kept", "deleted", "delayed"] {
                try await database.images.insert(Image(id: id, status: .active, size: 1))
            }
            _ = try await database.images.delete("deleted", to: .deleted, from: [.active])
            _ = try await database.images.delete("delayed", to: .pendingDelete, from: [.active])
            let found = try await database.cachedImages.deleted(among: ["kept", "deleted", "delayed", "unknown"])
            #expect(found == ["deleted", "delayed", "unknown"])
            #expect(try await database.cachedImages.deleted(among: []) == [])
        }
    }
}
