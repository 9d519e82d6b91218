public import ImageModel
public import JSON

/// What a client sends to create an image: syntax and schema checked, nothing authorized yet.
public struct ImageDraft: Sendable, Equatable {
    public var id: String?
    public var name: String?
    public var visibility: Visibility?
    /// Set only when the client names an owner; `.some(nil)` is an explicit null.
    public var owner: String??
    public var diskFormat: String?
    public var containerFormat: String?
    public var minDisk = 0
    public var minRAM = 0
    public var isProtected = false
    public var isHidden = false
    public var tags: [String] = []
    /// Custom properties. A null is possible only where `schema-image.json` allows it (`kernel_id`).
    public var properties: [String: String?] = [:]

    public init() {}
}

/// One operation of a PATCH: syntax and schema checked, nothing authorized yet.
public enum ImageChange: Sendable, Equatable {
    case name(String?)
    case visibility(Visibility)
    case owner(String?)
    case isProtected(Bool)
    case isHidden(Bool)
    case minDisk(Int)
    case minRAM(Int)
    case diskFormat(String?)
    case containerFormat(String?)
    case tags([String])
    /// `add` of a custom property. In patches of media type v2.0 the property must be new.
    case addProperty(name: String, value: String?, mustBeNew: Bool)
    case replaceProperty(name: String, value: String?)
    case removeProperty(name: String)
    case replaceLocations([LocationDraft])
    /// `add /locations/<index>`; nil is `/-`, the end, and so is every index behind it.
    case addLocation(index: Int?, LocationDraft)
    /// `remove /locations/<index>`; nil is `/-`, the last.
    case removeLocation(index: Int?)
}

/// A location as a client writes it.
public struct LocationDraft: Sendable, Equatable {
    public var url: String
    public var metadata: [String: JSONValue]
    /// `validation_data`: checksum, os_hash_algo, os_hash_value.
    public var checksum: String?
    public var hashAlgorithm: String?
    public var hashValue: String?

    public init(
        url: String, metadata: [String: JSONValue] = [:], checksum: String? = nil, hashAlgorithm: String? = nil,
        hashValue: String? = nil
    ) {
        self.url = url
        self.metadata = metadata
        self.checksum = checksum
        self.hashAlgorithm = hashAlgorithm
        self.hashValue = hashValue
    }
}
