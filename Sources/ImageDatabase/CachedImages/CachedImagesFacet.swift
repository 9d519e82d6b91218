/// Glance's tables `cached_images` and `node_reference`: which node has which image in its cache.
///
/// A node is a URL (`worker_self_reference_url`). Its row comes into being with the first image.
public struct CachedImagesFacet: Sendable {
    let session: DatabaseSession

    private static let node = "(SELECT node_reference_id FROM node_reference WHERE node_reference_url = $1)"
    /// Images for one statement.
    private static let batch = 200

    /// What a node has, in the order of the images' ids.
    public func entries(of node: String) async throws(DatabaseError) -> [CachedImage] {
        let rows = try await session.read(
            Statement(
                """
                SELECT c.id, c.image_id, c.last_accessed, c.last_modified, c.size, c.hits, c.checksum \
                FROM cached_images c JOIN node_reference n ON n.node_reference_id = c.node_reference_id \
                WHERE n.node_reference_url = $1 ORDER BY c.image_id
                """, [.text(node)]))[0]
        var entries: [CachedImage] = []
        entries.reserveCapacity(rows.count)
        for index in 0..<rows.count {
            let row = rows[index]
            entries.append(
                CachedImage(
                    rowID: try row.integer(0), imageID: try row.required(row.text(1), 1),
                    lastAccessed: try row.required(row.time(2), 2), lastModified: try row.required(row.time(3), 3),
                    size: try row.required(row.integer(4), 4), hits: try row.required(row.integer(5), 5),
                    checksum: row.text(6)))
        }
        return entries
    }

    /// Writes down that a node has images; what was written about them before is replaced.
    public func add(_ images: [CachedImage], to node: String) async throws(DatabaseError) {
        let columns = ["image_id", "last_accessed", "last_modified", "size", "hits", "checksum", "node_reference_id"]
        let insertion = SQLInsertion(
            into: "cached_images", columns,
            "SELECT $2, $3, $4, $5, $6, $7, node_reference_id FROM node_reference WHERE node_reference_url = $1",
            key: ["image_id", "node_reference_id"])
        let text = session.dialect.upsert(insertion, replacing: Array(columns[1...5]), setting: [])
        let register = session.dialect.insertIfAbsent(
            SQLInsertion(
                into: "node_reference", ["node_reference_url"], "VALUES ($1)", key: ["node_reference_url"]))
        try await session.write(
            [Statement(register, [.text(node)])]
                + images.map {
                    Statement(
                        text,
                        [
                            .text(node), .text($0.imageID), .time($0.lastAccessed), .time($0.lastModified),
                            .integer($0.size), .integer($0.hits), .text($0.checksum),
                        ])
                })
    }

    /// Forgets images of a node.
    public func remove(_ ids: [String], from node: String) async throws(DatabaseError) {
        for batch in ids.batches(of: Self.batch) {
            var statement = StatementBuilder()
            _ = statement.bind(.text(node))
            statement.append("DELETE FROM cached_images WHERE node_reference_id = \(Self.node)")
            statement.append(" AND image_id IN (\(batch.map { statement.bind(.text($0)) }.joined(separator: ", ")))")
            try await session.write([statement.statement])
        }
    }

    /// Forgets all images of a node.
    public func removeAll(from node: String) async throws(DatabaseError) {
        try await session.write([
            Statement("DELETE FROM cached_images WHERE node_reference_id = \(Self.node)", [.text(node)])
        ])
    }

    /// Adds downloads from the cache of a node to what is written about its images, by image id.
    public func count(_ uses: [String: CacheUse], on node: String) async throws(DatabaseError) {
        // In one order everywhere, so that nobody waits for anybody who waits.
        for batch in uses.sorted(by: { $0.key < $1.key }).batches(of: Self.batch) {
            var statement = StatementBuilder()
            _ = statement.bind(.text(node))
            let ids = batch.map { statement.bind(.text($0.key)) }
            let hits = zip(ids, batch).map { "WHEN \($0) THEN \(statement.bind(.integer($1.value.hits)))" }
            let times = zip(ids, batch).map { "WHEN \($0) THEN \(statement.bind(.time($1.value.last)))" }
            statement.append("UPDATE cached_images SET hits = hits + CASE image_id \(hits.joined(separator: " ")) END")
            statement.append(", last_accessed = CASE image_id \(times.joined(separator: " ")) END")
            statement.append(" WHERE node_reference_id = \(Self.node) AND image_id IN (\(ids.joined(separator: ", ")))")
            try await session.write([statement.statement])
        }
    }

    /// The nodes that have an image.
    public func nodes(of image: String) async throws(DatabaseError) -> [String] {
        try await session.read(
            Statement(
                """
                SELECT n.node_reference_url FROM cached_images c \
                JOIN node_reference n ON n.node_reference_id = c.node_reference_id \
                WHERE c.image_id = $1 ORDER BY n.node_reference_url
                """, [.text(image)]))[0].firstColumn()
    }

    /// Which of some images nobody can download any more, because they are deleted.
    public func deleted(among ids: [String]) async throws(DatabaseError) -> Set<String> {
        var deleted = Set(ids)
        for batch in ids.batches(of: Self.batch) {
            var statement = StatementBuilder()
            statement.append("SELECT id FROM images WHERE NOT deleted AND status <> 'pending_delete' AND id IN (")
            statement.append(batch.map { statement.bind(.text($0)) }.joined(separator: ", ") + ")")
            deleted.subtract(try await session.read(statement.statement)[0].firstColumn())
        }
        return deleted
    }
}

extension Array {
    /// The elements in order, so many at a time.
    func batches(of size: Int) -> [ArraySlice<Element>] {
        stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
    }
}
