public import ImageService
public import ImportSources
public import JSON

/// What the body of `POST /v2/images/{id}/import` asks for (Images API v2, "Interoperable image import").
public struct ImportRequest: Sendable, Equatable {
    /// Where the data come from.
    public enum Method: Sendable, Equatable {
        case glanceDirect
        case copyImage
        case webDownload(uri: String)
        case glanceDownload(GlanceDownload.Request)
    }

    public var method: Method
    /// Ids; nil where the request names none.
    public var stores: [String]?
    public var allStores: Bool
    public var allStoresMustSucceed: Bool
    /// The body, for the task.
    public var body: JSONValue

    /// Names of all methods, as `enabled_import_methods` has them.
    public static let methods = ["glance-direct", "web-download", "copy-image", "glance-download"]

    /// Reads a body.
    ///
    /// - Parameter enabled: names of the methods that may be used.
    /// - Throws: `ServiceError.invalid`.
    public init(_ body: JSONValue, enabled: [String]) throws(ServiceError) {
        self.body = body
        guard let members = body.objectValue else { throw .invalid("An import request must be a JSON object.") }
        guard let method = members["method"]?.objectValue else {
            throw .invalid("Import request requires a 'method' field.")
        }
        guard let name = method["name"]?.stringValue else { throw .invalid("Import request requires a 'name' field.") }
        guard enabled.contains(name) else { throw .invalid("Unknown import method name '\(name.prefix(64))'.") }
        allStoresMustSucceed = try Self.flag("all_stores_must_succeed", in: members) ?? true
        allStores = try Self.flag("all_stores", in: members) ?? false
        switch members["stores"] {
        case nil: stores = nil
        case .array(let values)?:
            var ids: [String] = []
            for value in values {
                guard let id = value.stringValue else { throw .invalid("'stores' must be a list of store ids.") }
                if !ids.contains(id) { ids.append(id) }
            }
            stores = ids
        default: throw .invalid("'stores' must be a list of store ids.")
        }
        switch name {
        case "glance-direct": self.method = .glanceDirect
        case "copy-image": self.method = .copyImage
        case "web-download": self.method = .webDownload(uri: method["uri"]?.stringValue ?? "")
        case "glance-download":
            do {
                self.method = .glanceDownload(
                    try GlanceDownload.Request(
                        region: method["glance_region"]?.stringValue, imageID: method["glance_image_id"]?.stringValue,
                        interface: method["glance_service_interface"]?.stringValue))
            } catch {
                throw .invalid(error.publicText)
            }
        default: throw .invalid("Unknown import method name '\(name.prefix(64))'.")
        }
    }

    private static func flag(_ name: String, in members: [String: JSONValue]) throws(ServiceError) -> Bool? {
        guard let value = members[name] else { return nil }
        guard let flag = value.boolValue else { throw .invalid("'\(name)' must be boolean value only") }
        return flag
    }
}
