public import TextCoding

/// A namespace of metadata definitions: a row of `metadef_namespaces`.
public struct MetadefNamespace: Sendable, Equatable {
    /// Row id; 0 before the row is written.
    public var id: Int64 = 0
    /// Unique in the service.
    public var name: String
    public var displayName: String?
    public var description: String?
    /// `public` or `private`.
    public var visibility: String
    public var isProtected: Bool
    public var owner: String
    public var createdAt: Timestamp = .now
    public var updatedAt: Timestamp = .now

    public init(
        name: String, displayName: String? = nil, description: String? = nil, visibility: String = "private",
        isProtected: Bool = false, owner: String
    ) {
        self.name = name
        self.displayName = displayName
        self.description = description
        self.visibility = visibility
        self.isProtected = isProtected
        self.owner = owner
    }
}

extension MetadefNamespace {
    static let columns =
        "n.id, n.namespace, n.display_name, n.description, n.visibility, n.protected, n.owner, n.created_at, n.updated_at"

    init(_ row: Row) throws(DatabaseError) {
        id = try row.integer(0) ?? 0
        name = try row.required(row.text(1), 1)
        displayName = row.text(2)
        description = row.text(3)
        visibility = row.text(4) ?? "private"
        isProtected = row.bool(5)
        owner = try row.required(row.text(6), 6)
        createdAt = try row.required(row.time(7), 7)
        updatedAt = try row.time(8) ?? createdAt
    }
}
