public import Logging
import TextCoding

#if canImport(Glibc)
    import Glibc
#endif

/// The index of a cache in a file of its own, beside the images: the SQLite database of Glance's driver `sqlite`.
///
/// Glance's own driver may have written the file, and may come to read it again: table and values are as it has them, and
/// the journal is the one that leaves no further file in the directory.
public final class LocalCacheDatabase: Sendable {
    private let session: DatabaseSession
    private let path: String

    /// Nothing is opened yet.
    public init(path: String, logger: Logger) throws(DatabaseError) {
        var options = DatabaseOptions()
        options.usesWriteAheadLog = false
        // What is lost with the power is found again by what is in the directory.
        options.sqliteSynchronous = false
        self.path = path
        session = DatabaseSession(
            driver: try SQLiteDriver(path: path, options: options, readers: 0), policy: RetryPolicy(options),
            locationCipher: nil, logger: logger)
    }

    /// Makes the table where it is missing. A file that is no database is replaced.
    public func prepare() async throws(DatabaseError) {
        let table = Statement(
            """
            CREATE TABLE IF NOT EXISTS cached_images (image_id TEXT PRIMARY KEY, last_accessed REAL DEFAULT 0.0, \
            last_modified REAL DEFAULT 0.0, size INTEGER DEFAULT 0, hits INTEGER DEFAULT 0, checksum TEXT)
            """)
        do {
            try await session.write([table])
        } catch {
            guard Self.isNoDatabase(path) else { throw error }
            unlink(path)
            try await session.write([table])
        }
    }

    /// Whether there is a file that does not begin as SQLite's do.
    private static func isNoDatabase(_ path: String) -> Bool {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { Glibc.close(descriptor) }
        var head = [UInt8](repeating: 0, count: 16)
        let count = read(descriptor, &head, head.count)
        return count > 0 && head[..<count] != Array("SQLite format 3\0".utf8)[...]
    }

    public func entries() async throws(DatabaseError) -> [CachedImage] {
        let rows = try await session.write([
            Statement(
                """
                SELECT image_id, last_accessed, last_modified, size, hits, checksum FROM cached_images \
                ORDER BY image_id
                """)
        ])[0]
        var entries: [CachedImage] = []
        for index in 0..<rows.count {
            let row = rows[index]
            entries.append(
                CachedImage(
                    imageID: try row.required(row.text(0), 0), lastAccessed: Self.time(row.text(1)),
                    lastModified: Self.time(row.text(2)), size: try row.integer(3) ?? 0, hits: try row.integer(4) ?? 0,
                    checksum: row.text(5)))
        }
        return entries
    }

    /// What was written about the images before is replaced.
    public func add(_ images: [CachedImage]) async throws(DatabaseError) {
        try await session.write(
            images.map {
                Statement(
                    """
                    INSERT OR REPLACE INTO cached_images \
                    (image_id, last_accessed, last_modified, size, hits, checksum) \
                    VALUES ($1, CAST($2 AS REAL), CAST($3 AS REAL), $4, $5, $6)
                    """,
                    [
                        .text($0.imageID), .text(Self.seconds($0.lastAccessed)), .text(Self.seconds($0.lastModified)),
                        .integer($0.size), .integer($0.hits), .text($0.checksum),
                    ])
            })
    }

    public func remove(_ ids: [String]) async throws(DatabaseError) {
        try await session.write(
            ids.map { Statement("DELETE FROM cached_images WHERE image_id = $1", [.text($0)]) })
    }

    public func removeAll() async throws(DatabaseError) {
        try await session.write([Statement("DELETE FROM cached_images")])
    }

    /// Adds downloads from the cache, by image id.
    public func count(_ uses: [String: CacheUse]) async throws(DatabaseError) {
        try await session.write(
            uses.map { id, use in
                Statement(
                    "UPDATE cached_images SET hits = hits + $2, last_accessed = CAST($3 AS REAL) WHERE image_id = $1",
                    [.text(id), .integer(use.hits), .text(Self.seconds(use.last))])
            })
    }

    /// Closes the file.
    public func close() async { await session.close() }

    /// A column REAL of seconds since 1970.
    private static func time(_ text: String?) -> Timestamp {
        let seconds = text.flatMap(Double.init) ?? 0
        guard abs(seconds) < 1e11 else { return Timestamp(microseconds: 0) }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }

    private static func seconds(_ time: Timestamp) -> String { "\(Double(time.microseconds) / 1_000_000)" }
}
