public import ImageModel
public import JSON

/// What the configuration says about a store, whatever its driver.
public struct StoreIdentity: Sendable, Equatable {
    /// Id from `enabled_backends`; in single-store mode the driver's type.
    public var id: String
    /// `store_description`.
    public var description: String?
    /// `weight`: download preference, higher first.
    public var weight: Int
    /// Whether new locations name the store in their metadata, as Glance does in multi-store mode only.
    public var isInLocations: Bool

    public init(id: String, description: String? = nil, weight: Int = 0, isInLocations: Bool = true) {
        self.id = id
        self.description = description
        self.weight = weight
        self.isInLocations = isInLocations
    }

    /// A location of new data in this store.
    public func location(url: String, metadata: [String: JSONValue] = [:]) -> ImageLocation {
        var metadata = metadata
        if isInLocations { metadata["store"] = .string(id) }
        return ImageLocation(url: url, metadata: metadata)
    }
}
