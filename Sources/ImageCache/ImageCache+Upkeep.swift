import Events
public import ImageDatabase
import ImageStore
import Logging
import TextCoding

// MARK: - What administrators ask for

extension ImageCache {
    /// What is cached and what is queued. An image is in one of both.
    public func contents() async throws -> (cached: [CachedImage], queued: [String]) {
        await flush()
        let directory = directory
        // In this order: what becomes complete in between is in the second, and perhaps in the first.
        let queued = try await pool.run { () throws(StoreError) in try directory.queued().map(\.name) }
        let entries = try await index.entries()
        let files = try await pool.run { () throws(StoreError) in Set(try directory.images().map(\.name)) }
        let cached = entries.filter { files.contains($0.imageID) }
        let complete = Set(cached.map(\.imageID))
        return (cached, queued.filter { !complete.contains($0) })
    }

    /// Whether an image is cached or queued.
    public func knows(_ id: String) async throws -> Bool {
        guard UUIDText.isValid(id) else { return false }
        let directory = directory
        return try await pool.run { () throws(StoreError) in directory.image(id) != nil || directory.isQueued(id) }
    }

    /// Queues an image unless it is cached.
    ///
    /// - Parameter isUrgent: whether it is to be fetched at once, not only at the next round.
    public func queue(_ id: String, isUrgent: Bool) async throws {
        guard UUIDText.isValid(id) else { return }
        let directory = directory
        try await pool.run { () throws(StoreError) in
            if directory.image(id) == nil { try directory.queue(id, isUrgent: isUrgent) }
        }
    }

    /// Removes an image from the cache; no error when it is not there.
    public func remove(_ id: String) async throws {
        guard UUIDText.isValid(id) else { return }
        let directory = directory
        try await pool.run { () throws(StoreError) in _ = directory.remove(id) }
        try await index.remove([id])
    }

    public func unqueue(_ id: String) async throws {
        guard UUIDText.isValid(id) else { return }
        let directory = directory
        try await pool.run { () throws(StoreError) in _ = directory.unqueue(id) }
    }

    /// - Returns: how many images there were.
    public func removeAll() async throws -> Int {
        let directory = directory
        let count = try await pool.run { () throws(StoreError) in
            try directory.images().count { directory.remove($0.name) }
        }
        try await index.removeAll()
        return count
    }

    /// - Returns: how many images were queued.
    public func unqueueAll() async throws -> Int {
        let directory = directory
        return try await pool.run { () throws(StoreError) in
            try directory.queued().count { directory.unqueue($0.name) }
        }
    }

    /// The nodes that have an image; nil where the index knows of no other node.
    public func nodes(of id: String) async throws -> [String]? { try await index.nodes(of: id) }

    /// Removes invalid files, and incomplete ones that nobody fills any more or that have made no progress for
    /// `image_cache_stall_time`.
    ///
    /// - Parameter grace: how old files have to be that nobody fills.
    public func clean(grace: Duration = .seconds(60)) async throws {
        let (directory, stallTime) = (directory, settings.stallTime)
        let removed = try await pool.run { () throws(StoreError) in
            try directory.clean(stallTime: stallTime, grace: grace)
        }
        for file in removed {
            logger.log(
                .cacheFileRemoved, "Removed an incomplete file from the cache",
                metadata: ["image_id": "\(file.name)", "bytes": "\(file.size)"])
        }
    }
}

// MARK: - What is done without being asked

extension ImageCache {
    /// What is to be fetched now: what somebody waits for, and what has been queued for a while.
    ///
    /// - Parameter age: how long.
    public func due(after age: Duration) async throws -> [String] {
        let directory = directory
        let now = Timestamp.now.microseconds
        return try await pool.run { () throws(StoreError) in
            try directory.queued().filter { $0.size > 0 || .microseconds(now - $0.modified.microseconds) >= age }
                .map(\.name)
        }
    }

    /// Whether an image is still to be fetched.
    public func isQueued(_ id: String) async -> Bool {
        let directory = directory
        return (try? await pool.run { () throws(StoreError) in directory.isQueued(id) }) ?? false
    }

    /// Makes the index say what the directory has.
    public func reconcile() async throws {
        await flush()
        let entries = try await index.entries()
        let directory = directory
        // After the index: what is written down has been there before.
        let files = try await pool.run { () throws(StoreError) in try directory.images() }
        let known = Set(entries.map(\.imageID))
        let there = Set(files.map(\.name))
        let lost = known.subtracting(there)
        if !lost.isEmpty { try await index.remove(Array(lost)) }
        let found = files.filter { !known.contains($0.name) }
        if !found.isEmpty {
            try await index.add(
                found.map {
                    CachedImage(imageID: $0.name, lastAccessed: $0.accessed, lastModified: $0.modified, size: $0.size)
                })
        }
    }

    /// Removes images that are deleted, on whatever node.
    public func forgetDeleted(_ database: ImageDatabase) async throws {
        let directory = directory
        let names = try await pool.run { () throws(StoreError) in
            try directory.images().map(\.name) + directory.queued().map(\.name)
        }
        guard !names.isEmpty else { return }
        for id in try await database.cachedImages.deleted(among: names) {
            try await unqueue(id)
            try await remove(id)
            logger.log(
                .cacheFileRemoved, "Removed a deleted image from the cache", metadata: ["image_id": "\(id)"])
        }
    }

    /// Takes over what an index of the driver `sqlite` says about the images, when the main database is used from now on.
    public func adoptLocalIndex() async throws {
        guard settings.driver == .centralizedDatabase else { return }
        let (path, directory) = (settings.indexFile, directory)
        let isThere = try await pool.run { () throws(StoreError) in CacheDirectory.exists(path) }
        guard isThere else { return }
        let old = LocalIndex(database: try LocalCacheDatabase(path: path, logger: logger))
        defer { Task { await old.close() } }
        try await old.prepare()
        let entries = try await old.entries()
        let known = Set(try await index.entries().map(\.imageID))
        let there = Set(try await pool.run { () throws(StoreError) in try directory.images().map(\.name) })
        let wanted = entries.filter { there.contains($0.imageID) && !known.contains($0.imageID) }
        if !wanted.isEmpty { try await index.add(wanted) }
        try await old.removeAll()
    }
}
