import JSON

/// Where the services of a cloud are, as a token's catalog says (Identity API v3).
public struct ServiceCatalog: Sendable {
    private let services: [CatalogAnswer.Service]

    init(_ services: [CatalogAnswer.Service]) { self.services = services }

    /// - Parameter text: ``AuthContext/serviceCatalog``.
    public init?(_ text: String) {
        guard let services = try? JSONValue.parse(text).decode([CatalogAnswer.Service].self) else { return nil }
        self.services = services
    }

    /// The address of a service, without a slash at its end.
    ///
    /// - Parameters:
    ///   - type: such as `image`.
    ///   - region: upper and lower case are the same; nil is any.
    ///   - interface: `public`, `internal` or `admin`.
    public func endpoint(of type: String, region: String?, interface: String) -> String? {
        let endpoints = services.filter { $0.type == type }.flatMap(\.endpoints)
        guard
            var url = endpoints.first(where: {
                $0.interface == interface && (region == nil || $0.region?.lowercased() == region?.lowercased())
            })?.url
        else { return nil }
        while url.hasSuffix("/") { url.removeLast() }
        return url
    }
}
