import JSON

/// What a job that runs after its request needs in order to act for the user.
public struct JobCredentials: Sendable, Equatable {
    public var token: String
    /// The catalog of the token (JSON text), as far as jobs need it.
    public var catalog: String?

    /// - Parameter catalog: `AuthContext.serviceCatalog`; only image services and key managers are kept of it.
    public init(token: String, catalog: String?) {
        self.token = token
        guard let catalog, case .array(let services)? = try? JSONValue.parse(catalog) else { return }
        self.catalog = JSONWriter.text(
            of: .array(services.filter { ["image", "key-manager"].contains($0["type"]?.stringValue) }))
    }
}
