public import TextCoding

/// What is written down about an image in the cache of a node.
public struct CachedImage: Sendable, Equatable {
    /// Number of the row in the main database; nil elsewhere.
    public var rowID: Int64?
    public var imageID: String
    public var lastAccessed: Timestamp
    public var lastModified: Timestamp
    /// Bytes.
    public var size: Int64
    /// How often the data were served from the cache.
    public var hits: Int64
    /// Written by nobody, and shown.
    public var checksum: String?

    public init(
        rowID: Int64? = nil, imageID: String, lastAccessed: Timestamp, lastModified: Timestamp, size: Int64,
        hits: Int64 = 0, checksum: String? = nil
    ) {
        self.rowID = rowID
        self.imageID = imageID
        self.lastAccessed = lastAccessed
        self.lastModified = lastModified
        self.size = size
        self.hits = hits
        self.checksum = checksum
    }
}

/// Downloads of one image from the cache since they were last written down.
public struct CacheUse: Sendable, Equatable {
    public var hits: Int64
    public var last: Timestamp

    public init(hits: Int64, last: Timestamp) {
        self.hits = hits
        self.last = last
    }
}
