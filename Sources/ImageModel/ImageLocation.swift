public import JSON

/// One place where an image's data is stored: a row of `image_locations`.
public struct ImageLocation: Sendable, Equatable {
    /// Row id; nil before the row is written.
    public var id: Int64?
    /// URL in the form of the store's driver, such as `file:///var/lib/glance/images/<id>`. May hold credentials
    /// (old S3 and Swift rows): never log it and never put it into an error.
    public var url: String
    /// The JSON object of `meta_data`, `store` in multi-store mode included.
    public var metadata: [String: JSONValue]
    public var status: Status

    public enum Status: String, Sendable {
        case active
        case pendingDelete = "pending_delete"
        case deleted
        /// A parallel import has not begun with this store.
        case pending
        /// A parallel import is writing to this store.
        case uploading
    }

    public init(id: Int64? = nil, url: String, metadata: [String: JSONValue] = [:], status: Status = .active) {
        self.id = id
        self.url = url
        self.metadata = metadata
        self.status = status
    }

    /// Id of the store that holds the data; `backend` was written before the Train release.
    public var storeID: String? {
        (metadata["store"] ?? metadata["backend"])?.stringValue
    }
}
