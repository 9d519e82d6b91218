/// Which page of the tasks is wanted.
public struct TaskQuery: Sendable {
    /// Columns that lists can be sorted by (Glance's tasks API).
    public enum SortKey: String, Sendable, CaseIterable {
        case id, type, status, owner
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case expiresAt = "expires_at"
    }

    /// Nil lists those of all projects.
    public var owner: String?
    public var type: String?
    public var status: ImageTask.Status?
    public var sortKey: SortKey
    public var isAscending: Bool
    /// Id of the last task of the page before.
    public var marker: String?
    public var limit: Int

    public init(
        owner: String? = nil, type: String? = nil, status: ImageTask.Status? = nil, sortKey: SortKey = .createdAt,
        isAscending: Bool = false, marker: String? = nil, limit: Int
    ) {
        self.owner = owner
        self.type = type
        self.status = status
        self.sortKey = sortKey
        self.isAscending = isAscending
        self.marker = marker
        self.limit = limit
    }
}
