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

    /// The URL as clients are shown it: without the credentials that releases up to Zed wrote into those of S3, and that those
    /// of Swift have without a file of accounts, in front of the last at-sign. They are not needed: the store has its own.
    public var shownURL: String {
        guard let scheme = url.firstRange(of: "://"),
            Self.schemesWithCredentials.contains(url[..<scheme.lowerBound]),
            let at = url[scheme.upperBound...].prefix(while: { $0 != "?" && $0 != "#" }).lastIndex(of: "@"),
            // Not one in a key: host, bucket and key follow.
            url[at...].split(separator: "/").count >= 3
        else { return url }
        return String(url[..<scheme.upperBound] + url[url.index(after: at)...])
    }

    private static let schemesWithCredentials: Set<Substring> = [
        "s3", "s3+http", "s3+https", "swift", "swift+http", "swift+https",
    ]

    /// Id of the store that holds the data; `backend` was written before the Train release.
    public var storeID: String? {
        (metadata["store"] ?? metadata["backend"])?.stringValue
    }
}
