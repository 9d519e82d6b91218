import Identity

/// Which URL of an account is asked.
struct AccountEndpoint: Sendable {
    /// One that is given.
    var url: String?
    var serviceType: String
    var region: String?
    /// `public`, `internal` or `admin`.
    var interface: String

    init(_ settings: SwiftSettings) {
        url = settings.endpoint
        serviceType = settings.serviceType
        region = settings.region
        interface = settings.interface
    }

    /// Nil where the catalog lists none.
    func url(in catalog: ServiceCatalog) -> String? {
        url ?? catalog.endpoint(of: serviceType, region: region, interface: interface)
    }
}
