public import TextCoding

/// An image record with everything that belongs to it, except its data.
///
/// Source: Images API v2, "Show image"; columns of the Glance tables `images`, `image_properties`, `image_tags`,
/// `image_locations`, `image_members`.
public struct Image: Sendable, Equatable {
    /// UUID as the client or the service chose it; kept in the client's case.
    public var id: String
    public var name: String?
    public var status: ImageStatus
    public var visibility: Visibility
    /// Project that owns the image; nil for images of an administrator without project.
    public var owner: String?
    /// Bytes of data, nil until there is data.
    public var size: Int64?
    /// Bytes of the disk that the data describes.
    public var virtualSize: Int64?
    public var diskFormat: String?
    public var containerFormat: String?
    /// GiB of disk needed to boot.
    public var minDisk: Int
    /// MiB of memory needed to boot.
    public var minRAM: Int
    /// Deletion is refused while true.
    public var isProtected: Bool
    /// Left out of default lists (`os_hidden`).
    public var isHidden: Bool
    /// MD5 of the data in hexadecimal.
    public var checksum: String?
    /// Name of the multihash algorithm (`os_hash_algo`), such as `sha512`.
    public var hashAlgorithm: String?
    /// Multihash in hexadecimal (`os_hash_value`).
    public var hashValue: String?
    public var createdAt: Timestamp
    public var updatedAt: Timestamp
    public var deletedAt: Timestamp?
    /// Custom properties. A null value can only come from another writer of the database.
    public var properties: [String: String?]
    /// Tags without duplicates.
    public var tags: [String]
    /// Live locations in the order in which they were added.
    public var locations: [ImageLocation]
    /// Live members.
    public var members: [ImageMember]

    public init(
        id: String, name: String? = nil, status: ImageStatus = .queued, visibility: Visibility = .shared,
        owner: String? = nil, size: Int64? = nil, virtualSize: Int64? = nil, diskFormat: String? = nil,
        containerFormat: String? = nil, minDisk: Int = 0, minRAM: Int = 0, isProtected: Bool = false,
        isHidden: Bool = false, checksum: String? = nil, hashAlgorithm: String? = nil, hashValue: String? = nil,
        createdAt: Timestamp = .now, updatedAt: Timestamp? = nil, deletedAt: Timestamp? = nil,
        properties: [String: String?] = [:], tags: [String] = [], locations: [ImageLocation] = [],
        members: [ImageMember] = []
    ) {
        self.id = id
        self.name = name
        self.status = status
        self.visibility = visibility
        self.owner = owner
        self.size = size
        self.virtualSize = virtualSize
        self.diskFormat = diskFormat
        self.containerFormat = containerFormat
        self.minDisk = minDisk
        self.minRAM = minRAM
        self.isProtected = isProtected
        self.isHidden = isHidden
        self.checksum = checksum
        self.hashAlgorithm = hashAlgorithm
        self.hashValue = hashValue
        self.createdAt = createdAt
        self.updatedAt = updatedAt ?? createdAt
        self.deletedAt = deletedAt
        self.properties = properties
        self.tags = tags
        self.locations = locations
        self.members = members
    }

    /// Whether a caller of `project` may see the image (Images API v2, "Image visibility").
    ///
    /// Images without owner can be seen by everybody; an image that is shared with `project` can be seen whatever the
    /// member's answer was.
    public func isVisible(toProject project: String?, isAdmin: Bool) -> Bool {
        if isAdmin || owner == nil || visibility == .public || visibility == .community { return true }
        guard let project else { return false }
        return owner == project || (visibility == .shared && members.contains { $0.project == project })
    }
}
