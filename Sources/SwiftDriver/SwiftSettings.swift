public import ImageStore
public import OsloConfig
public import OutgoingHTTP

/// The options `swift_store_*` of one store.
public struct SwiftSettings: Sendable {
    var accounts: SwiftAccounts
    /// `swift_store_container`: where images are, or what the names of their containers begin with.
    public var container = "glance"
    /// `swift_store_multiple_containers_seed`: characters of an image's id in the name of its container; 0 is one
    /// container for all.
    public var containerSeed = 0
    public var createsContainers = false
    /// From how many bytes on an image is stored in segments.
    public var largeObjectSize: Int64 = 5120 * megabyte
    /// Bytes of a segment.
    public var segmentSize: Int64 = 200 * megabyte
    public var region: String?
    /// Interface of the endpoint: `public`, `internal` or `admin`.
    public var interface = "public"
    public var serviceType = "object-store"
    /// The URL of the account, instead of what the catalog says.
    public var endpoint: String?
    public var isMultiTenant = false
    /// Projects that may read and write all containers of a multi-tenant store.
    public var adminProjects: [String] = []
    public var usesTrusts = true
    /// How often a broken download is taken up again.
    public var downloadRetries = 0
    /// Seconds before its end at which a token is renewed.
    public var renewalMargin = 60
    public var tls = TLSSettings()

    init(accounts: SwiftAccounts) { self.accounts = accounts }

    /// What glance_store takes for one.
    static let megabyte: Int64 = 1000 * 1024

    private typealias Swift = Options.SwiftStore

    /// The settings of the store `store`; reads the file of accounts. Blocks.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, store: String) throws(StoreError) {
        self.init(accounts: try SwiftAccounts(configuration: configuration, store: store))
        func value<Value>(_ option: Option<Value>) -> Value { configuration.value(option, store: store) }
        isMultiTenant = value(Swift.swiftStoreMultiTenant)
        if isMultiTenant, accounts.areInFile {
            throw .badConfiguration(
                "store \(store): swift_store_multi_tenant and swift_store_config_file exclude each other")
        }
        if !isMultiTenant, accounts.standard == nil {
            throw .badConfiguration(
                "store \(store): swift_store_config_file, or swift_store_auth_address, swift_store_user and "
                    + "swift_store_key, must say where images are to be stored")
        }
        container = value(Swift.swiftStoreContainer)
        guard !container.isEmpty, !container.contains(where: { "/?#".contains($0) }) else {
            throw .badConfiguration(
                "store \(store): swift_store_container: a container's name is not empty and has no slash")
        }
        containerSeed = value(Swift.swiftStoreMultipleContainersSeed)
        createsContainers = value(Swift.swiftStoreCreateContainerOnPut)
        largeObjectSize = Int64(value(Swift.swiftStoreLargeObjectSize)) * Self.megabyte
        segmentSize = Int64(value(Swift.swiftStoreLargeObjectChunkSize)) * Self.megabyte
        region = value(Swift.swiftStoreRegion)
        interface = value(Swift.swiftStoreEndpointType).replacing("URL", with: "")
        serviceType = value(Swift.swiftStoreServiceType)
        endpoint = value(Swift.swiftStoreEndpoint).flatMap { $0.isEmpty ? nil : String($0.trimming { $0 == "/" }) }
        if let endpoint, !["http://", "https://"].contains(where: endpoint.lowercased().hasPrefix) {
            throw .badConfiguration("store \(store): swift_store_endpoint: must be an http or https URL")
        }
        adminProjects = value(Swift.swiftStoreAdminTenants)
        usesTrusts = value(Swift.swiftStoreUseTrusts)
        downloadRetries = value(Swift.swiftStoreRetryGetCount)
        renewalMargin = value(Swift.swiftStoreExpireSoonInterval)
        tls.caFile = value(Swift.swiftStoreCacert)
        tls.isInsecure = value(Swift.swiftStoreAuthInsecure)
    }

    /// The container of an image.
    func container(ofImage id: String) -> String {
        if isMultiTenant { return "\(container)_\(id)" }
        guard containerSeed > 0 else { return container }
        // Hyphens do not count as characters, as far as they stand among the first ones.
        let id = id.lowercased()
        let hyphens = id.prefix(containerSeed).count { $0 == "-" }
        return "\(container)_\(id.prefix(containerSeed + hyphens))"
    }
}
