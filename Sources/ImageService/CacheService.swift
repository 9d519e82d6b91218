public import Authorization
import ImageCache
public import ImageDatabase
import ImageModel

/// What administrators do with the cache of the node that they ask. Policies come first; then ``ServiceError/notFound(_:)``
/// where there is no cache.
public struct CacheService: Sendable {
    private let common: ServiceContext
    /// Tells this node's cache process that there is something to fetch.
    private let wakeCache: @Sendable () -> Void

    public init(_ common: ServiceContext, wakeCache: @escaping @Sendable () -> Void = {}) {
        self.common = common
        self.wakeCache = wakeCache
    }

    /// What is cached, and the ids of what is queued.
    public typealias Contents = (cached: [CachedImage], queued: [String])

    /// - Parameter rule: `cache_list`, or `manage_image_cache` for the older interface.
    public func contents(_ rule: PolicyRule = .cacheList, for caller: Caller) async throws -> Contents {
        try await cache(rule, for: caller).contents()
    }

    /// Has an image fetched into the cache now (Images API v2.14, "Queues image for caching").
    public func fetch(_ id: String, for caller: Caller) async throws {
        try common.authorization.requireWriter(caller)
        let image = try await common.visibleImage(id, for: caller)
        let cache = try await cache(.cacheImage, on: image, for: caller)
        guard image.status == .active else {
            throw ServiceError.invalid("Only images with the status active can be queued for the cache.")
        }
        try await cache.queue(image.id, isUrgent: true)
        wakeCache()
    }

    /// Puts an image into the queue (the older interface). Whether there is such an image turns out when it is fetched.
    public func queue(_ id: String, for caller: Caller) async throws {
        try common.authorization.requireWriter(caller)
        try await cache(.manageImageCache, for: caller).queue(id, isUrgent: false)
    }

    /// Removes an image from cache and queue, whether it is still there as an image or not.
    public func remove(_ id: String, for caller: Caller) async throws {
        try common.authorization.requireWriter(caller)
        do {
            let image = try await common.visibleImage(id, for: caller)
            let cache = try await cache(.cacheDelete, on: image, for: caller)
            try await remove(image.id, from: cache)
        } catch let error as AuthorizationError where error.isNotFound {
            let cache: ImageCache
            do {
                cache = try await self.cache(.cacheDelete, for: caller)
            } catch is AuthorizationError {
                // Who may not know must not learn what is cached.
                throw error
            }
            guard try await cache.knows(id) else { throw error }
            try await remove(id, from: cache)
        }
    }

    private func remove(_ id: String, from cache: ImageCache) async throws {
        try await cache.unqueue(id)
        try await cache.remove(id)
    }

    /// Removes an image from the cache, or from the queue (the older interface); no error when it is not there.
    public func forget(_ id: String, in part: Part, for caller: Caller) async throws {
        try common.authorization.requireWriter(caller)
        let cache = try await cache(.manageImageCache, for: caller)
        switch part {
        case .cache: try await cache.remove(id)
        case .queue: try await cache.unqueue(id)
        }
    }

    public enum Part: String, Sendable {
        case cache, queue
    }

    /// Empties cache or queue, or with nil both.
    ///
    /// - Parameter rule: `cache_delete`, or `manage_image_cache` for the older interface.
    /// - Returns: how many entries there were.
    @discardableResult
    public func clear(
        _ part: Part?, _ rule: PolicyRule = .cacheDelete, for caller: Caller
    ) async throws -> Int {
        try common.authorization.requireWriter(caller)
        let cache = try await cache(rule, for: caller)
        var count = 0
        // First the queue, so that nothing of it is fetched in between.
        if part != .cache { count += try await cache.unqueueAll() }
        if part != .queue { count += try await cache.removeAll() }
        return count
    }

    /// The nodes whose cache has an image.
    ///
    /// - Throws: ``ServiceError/conflict(_:)`` when the index of this node knows of no other.
    public func nodes(of id: String, for caller: Caller) async throws -> [String] {
        let cache = try await cache(.listCachedNodes, for: caller)
        guard cache.settings.driver == .centralizedDatabase else {
            throw ServiceError.conflict("Only image_cache_driver = centralized_db knows which nodes have an image.")
        }
        let image = try await common.visibleImage(id, for: caller)
        return try await cache.nodes(of: image.id) ?? []
    }

    /// Removes what is invalid, or incomplete for too long.
    public func clean(for caller: Caller) async throws {
        try common.authorization.requireWriter(caller)
        try await cache(.cacheClean, for: caller).clean()
    }

    /// Reduces the cache to its size.
    public func prune(for caller: Caller) async throws -> (files: Int, bytes: Int64) {
        try common.authorization.requireWriter(caller)
        return try await cache(.cachePrune, for: caller).prune()
    }

    /// Asks a policy about nothing but the caller.
    public func authorize(_ rule: PolicyRule, for caller: Caller) async throws {
        _ = try await cache(rule, for: caller)
    }

    private func cache(_ rule: PolicyRule, on image: Image? = nil, for caller: Caller) async throws -> ImageCache {
        if let image {
            // Who may see the image or not makes no difference to who may use the cache.
            guard await common.authorization.allows(rule, on: image, for: caller) else {
                throw AuthorizationError.refused(rule)
            }
        } else {
            try await common.authorization.enforce(rule, for: caller)
        }
        guard let cache = common.cache else { throw ServiceError.notFound("This site has no image cache.") }
        return cache
    }
}
