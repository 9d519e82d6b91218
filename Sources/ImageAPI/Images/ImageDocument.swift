import ImageModel
import ImageStore
import JSON
import TextCoding

/// Writes images in the form of the Images API v2, straight into the answer: showing one and listing many is what clients
/// do all day.
struct ImageDocument: Sendable {
    /// `show_multiple_locations`
    var showsLocations = false
    /// `show_image_direct_url`
    var showsDirectURL = false
    /// `enabled_backends` is set: images say which stores hold them.
    var showsStores = false
    /// Weights of the stores that are not 0; the heaviest location is the `direct_url`.
    var weights: [String: Int] = [:]
    /// Properties of which the schema says more than that they are texts.
    var declared: Set<String> = []

    /// Bytes to reserve for an image; most need less.
    static let capacity = 2048

    init() {}

    init(_ settings: ImageResourceSettings, stores: StoreRegistry) {
        declared = settings.schema.names
        showsLocations = settings.showsLocations
        showsDirectURL = settings.showsDirectURL
        showsStores = stores.isMultiStore
        for store in stores.stores where store.weight != 0 { weights[store.id] = store.weight }
    }

    /// Writes one image as an object.
    ///
    /// The service has cleared what the caller may not see: a location without URL still says which store holds data.
    func write(_ image: Image, to writer: inout JSONWriter) {
        writer.object { writer in
            writeProperties(of: image, to: &writer)
            writer.field("name", image.name)
            writer.field("disk_format", image.diskFormat)
            writer.field("container_format", image.containerFormat)
            writer.field("visibility", image.visibility.rawValue)
            writer.field("size", image.size)
            writer.field("virtual_size", image.virtualSize)
            writer.field("status", image.status.rawValue)
            writer.field("checksum", image.checksum)
            writer.field("protected", image.isProtected)
            writer.field("min_ram", image.minRAM)
            writer.field("min_disk", image.minDisk)
            writer.field("owner", image.owner)
            writer.field("os_hidden", image.isHidden)
            writer.field("os_hash_algo", image.hashAlgorithm)
            writer.field("os_hash_value", image.hashValue)
            writer.field("id", image.id)
            writer.field("created_at", image.createdAt.iso8601)
            writer.field("updated_at", image.updatedAt.iso8601)
            writeLocations(of: image, to: &writer)
            writer.field("tags") { $0.array(image.tags) }
            let path = Self.path(of: image.id)
            writer.field("self", path)
            writer.field("file", path + "/file")
            writer.field("schema", "/v2/schemas/image")
            writeStores(of: image, to: &writer)
        }
    }

    /// The path of an image. Ids are UUIDs, but old databases may hold anything.
    static func path(of id: String) -> String {
        "/v2/images/" + PercentEncoding.encode(id)
    }

    /// Custom properties in the order of their names, so that equal images give equal texts.
    private func writeProperties(of image: Image, to writer: inout JSONWriter) {
        if image.properties.isEmpty { return }
        for (name, value) in image.properties.sorted(by: { $0.key < $1.key }) {
            // A property with the name of an attribute, which only a foreign writer can have made, must not win over it.
            if Self.taken.contains(name) { continue }
            // Only the schema of a declared property can allow null. Elsewhere version 1 of the API has stored it, and
            // clients expect the text that the schema promises.
            writer.field(name, value ?? (declared.contains(name) ? nil : ""))
        }
    }

    private static let taken = ImageAttributes.base.union(ImageAttributes.hidden)

    private func writeLocations(of image: Image, to writer: inout JSONWriter) {
        guard showsLocations || showsDirectURL else { return }
        let visible = image.locations.filter { $0.status == .active && !$0.url.isEmpty }
        if showsLocations {
            writer.field("locations") { writer in
                writer.array { writer in
                    for location in visible {
                        writer.object { writer in
                            writer.field("url", location.shownURL)
                            writer.field("metadata", .object(location.metadata))
                        }
                    }
                }
            }
        }
        if showsDirectURL, let best = heaviest(visible) {
            writer.field("direct_url", best.shownURL)
        }
    }

    /// The location in the store of the greatest weight, the first of equals.
    private func heaviest(_ locations: [ImageLocation]) -> ImageLocation? {
        func weight(_ location: ImageLocation) -> Int { location.storeID.flatMap { weights[$0] } ?? 0 }
        return locations.reduce(nil) { best, next in
            guard let best, weight(best) >= weight(next) else { return next }
            return best
        }
    }

    private func writeStores(of image: Image, to writer: inout JSONWriter) {
        guard showsStores, !image.locations.isEmpty else { return }
        let stores = image.locations.filter { $0.status == .active }.compactMap(\.storeID)
        if !stores.isEmpty { writer.field("stores", stores.joined(separator: ",")) }
    }
}
