public import OsloConfig
public import OutgoingHTTP

/// The options `[key_manager]` and `[barbican]`.
public struct KeyManagerSettings: Sendable {
    /// Whether the key manager is Barbican, the only one that this service talks to.
    public var isBarbican: Bool
    /// Without a slash at the end; nil is the catalog's.
    public var endpoint: String?
    /// Where in the catalog.
    public var interface: String
    public var region: String?
    public var timeout: Duration
    public var tls: TLSSettings

    public init(_ configuration: Configuration) {
        typealias Barbican = Options.Barbican
        // Castellan takes the name of its class, too.
        let backend = configuration[Options.KeyManager.backend]
        isBarbican = backend == "barbican" || backend.hasSuffix(".BarbicanKeyManager")
        endpoint = configuration[Barbican.barbicanEndpoint]
        while endpoint?.hasSuffix("/") == true { endpoint?.removeLast() }
        if endpoint == "" { endpoint = nil }
        interface = configuration[Barbican.barbicanEndpointType]
        region = configuration[Barbican.barbicanRegionName]
        timeout = .seconds(configuration[Barbican.timeout] ?? 60)
        tls = TLSSettings()
        tls.isInsecure = !configuration[Barbican.verifySsl] || configuration[Barbican.insecure]
        tls.caFile = configuration[Barbican.verifySslPath] ?? configuration[Barbican.cafile]
        tls.certificateFile = configuration[Barbican.certfile]
        tls.keyFile = configuration[Barbican.keyfile]
        tls.minimumVersion = configuration[Barbican.tlsMinVersion]
        tls.ciphers = configuration[Barbican.tlsCiphers]
    }
}
