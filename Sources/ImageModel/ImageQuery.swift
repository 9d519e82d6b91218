public import TextCoding

/// What `GET /v2/images` asks for, checked and typed, but not yet bound to a database.
public struct ImageQuery: Sendable, Equatable {
    /// Whose view of the images is asked for.
    public struct Viewer: Sendable, Equatable {
        /// Project of the caller.
        public var project: String?
        /// Administrators see the images of all projects.
        public var isAdmin: Bool

        public init(project: String?, isAdmin: Bool) {
            self.project = project
            self.isAdmin = isAdmin
        }
    }

    /// Columns of `images` that can be compared and sorted.
    public enum Column: String, Sendable, CaseIterable {
        case id, name, status, owner, size, checksum, visibility
        case virtualSize = "virtual_size"
        case diskFormat = "disk_format"
        case containerFormat = "container_format"
        case minDisk = "min_disk"
        case minRAM = "min_ram"
        case hashAlgorithm = "os_hash_algo"
        case hashValue = "os_hash_value"
        case isProtected = "protected"
        case createdAt = "created_at"
        case updatedAt = "updated_at"
    }

    public enum Comparison: String, Sendable {
        case equal = "eq"
        case notEqual = "neq"
        case greater = "gt"
        case greaterOrEqual = "gte"
        case less = "lt"
        case lessOrEqual = "lte"
    }

    /// One condition on the images; all of them must hold.
    public enum Filter: Sendable, Equatable {
        /// The column is one of these texts (`name=in:a,b`); one text is equality.
        case oneOf(Column, [String])
        /// The column compared with an integer (`size_min`, `min_ram_max`).
        case integer(Column, Comparison, Int64)
        /// The column compared with a time (`created_at=gte:…`).
        case time(Column, Comparison, Timestamp)
        case isProtected(Bool)
        /// The image has this tag.
        case tag(String)
        /// The image has this custom property with this value.
        case property(String, String)
    }

    public struct Sort: Sendable, Equatable {
        public var column: Column
        public var isDescending: Bool

        public init(_ column: Column, descending: Bool) {
            self.column = column
            self.isDescending = descending
        }
    }

    public var viewer: Viewer
    public var filters: [Filter] = []
    /// `visibility` as asked for; nil is the default view, in which other projects' community images are missing.
    public var visibility: Visibility?
    /// `visibility=all`: community images of others are included.
    public var includesCommunity = false
    /// Which shared images count; nil is `all`.
    public var memberStatus: ImageMember.Status? = .accepted
    /// `os_hidden`.
    public var isHidden = false
    /// Sort order; the database appends `id` where it is missing, so that the order is total.
    public var sort: [Sort] = [Sort(.createdAt, descending: true), Sort(.id, descending: true)]
    /// Id of the last image of the page before.
    public var marker: String?
    /// Images per page, at least 0.
    public var limit = 25

    public init(viewer: Viewer) {
        self.viewer = viewer
    }
}
