import ImageDatabase

/// Where it is written down which images a node has in its cache, and how often they are used.
///
/// What lies in the directory counts: an index that is lost is written anew from it.
protocol CacheIndex: Sendable {
    /// Makes the index ready to be used.
    func prepare() async throws
    func entries() async throws -> [CachedImage]
    /// Replaces what was written about the images before.
    func add(_ images: [CachedImage]) async throws
    func remove(_ ids: [String]) async throws
    func removeAll() async throws
    /// Adds downloads, by image id.
    func count(_ uses: [String: CacheUse]) async throws
    /// The nodes that have an image; nil where an index knows of no other node.
    func nodes(of id: String) async throws -> [String]?
    func close() async
}

/// The driver `centralized_db`: rows of the main database, by node.
struct CentralIndex: CacheIndex {
    let table: CachedImagesFacet
    let node: String

    func prepare() async throws {}
    func entries() async throws -> [CachedImage] { try await table.entries(of: node) }
    func add(_ images: [CachedImage]) async throws { try await table.add(images, to: node) }
    func remove(_ ids: [String]) async throws { try await table.remove(ids, from: node) }
    func removeAll() async throws { try await table.removeAll(from: node) }
    func count(_ uses: [String: CacheUse]) async throws { try await table.count(uses, on: node) }
    func nodes(of id: String) async throws -> [String]? { try await table.nodes(of: id) }
    func close() async {}
}

/// Where nobody asks.
struct NoIndex: CacheIndex {
    func prepare() async throws {}
    func entries() async throws -> [CachedImage] { [] }
    func add(_ images: [CachedImage]) async throws {}
    func remove(_ ids: [String]) async throws {}
    func removeAll() async throws {}
    func count(_ uses: [String: CacheUse]) async throws {}
    func nodes(of id: String) async throws -> [String]? { nil }
    func close() async {}
}

/// The driver `sqlite`: a database in the cache's own directory.
struct LocalIndex: CacheIndex {
    let database: LocalCacheDatabase

    func prepare() async throws { try await database.prepare() }
    func entries() async throws -> [CachedImage] { try await database.entries() }
    func add(_ images: [CachedImage]) async throws { try await database.add(images) }
    func remove(_ ids: [String]) async throws { try await database.remove(ids) }
    func removeAll() async throws { try await database.removeAll() }
    func count(_ uses: [String: CacheUse]) async throws { try await database.count(uses) }
    func nodes(of id: String) async throws -> [String]? { nil }
    func close() async { await database.close() }
}
