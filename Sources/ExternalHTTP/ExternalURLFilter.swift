public import OsloConfig

/// Decides which URLs of clients the service may contact, and at which addresses (`[import_filtering_opts]`).
///
/// Guards against requests into the service's own network: CVE-2026-34881 (encoded addresses, redirects), CVE-2026-71197
/// (names that lead elsewhere the second time), CVE-2026-71198 (link-local hosts in locations).
///
/// A deny list counts only where the allow list is empty. Loopback, link-local and reserved addresses are refused
/// unless `allowed_hosts` names the host of the URL.
public struct ExternalURLFilter: Sendable {
    private let allowedSchemes: Set<String>
    private let disallowedSchemes: Set<String>
    private let allowedHosts: Set<ExternalHost>
    private let restrictsHosts: Bool
    private let disallowedHosts: Set<ExternalHost>
    private let allowedPorts: Set<Int>
    private let disallowedPorts: Set<Int>
    private let resolver: NameResolver

    public init(configuration: Configuration, resolver: NameResolver = .system) {
        typealias Filter = Options.ImportFilteringOpts
        allowedSchemes = Set(configuration[Filter.allowedSchemes].map { $0.lowercased() })
        disallowedSchemes = Set(configuration[Filter.disallowedSchemes].map { $0.lowercased() })
        allowedHosts = Set(configuration[Filter.allowedHosts].compactMap { ExternalHost($0) })
        // A list of nothing but what cannot be a host allows nothing.
        restrictsHosts = !configuration[Filter.allowedHosts].isEmpty
        disallowedHosts = Set(configuration[Filter.disallowedHosts].compactMap { ExternalHost($0) })
        allowedPorts = Set(configuration[Filter.allowedPorts])
        disallowedPorts = Set(configuration[Filter.disallowedPorts])
        self.resolver = resolver
    }

    /// The addresses at which a URL may be contacted; at least one. Names are looked up once: connect to these, and to
    /// nothing that a further lookup says.
    ///
    /// - Throws: ``ExternalHTTPError/refused`` or ``ExternalHTTPError/unresolvable``.
    @discardableResult
    public func check(_ url: ExternalURL) async throws(ExternalHTTPError) -> [IPAddress] {
        try checkLists(url)
        return try await addresses(of: url.host)
    }

    /// Whether scheme, host and port are allowed.
    func checkLists(_ url: ExternalURL) throws(ExternalHTTPError) {
        guard allowedSchemes.isEmpty ? !disallowedSchemes.contains(url.scheme) : allowedSchemes.contains(url.scheme),
            !restrictsHosts || allowedHosts.contains(url.host),
            allowedPorts.isEmpty ? !disallowedPorts.contains(url.port) : allowedPorts.contains(url.port)
        else { throw .refused }
    }

    /// The addresses of a host that may be connected to. What the deny list has is refused by its name and by any of its
    /// addresses.
    func addresses(of host: ExternalHost) async throws(ExternalHTTPError) -> [IPAddress] {
        if isDenied(host) { throw .refused }
        let addresses =
            switch host {
            case .address(let address): [address]
            case .name(let name): await resolver.addresses(name)
            }
        if addresses.isEmpty { throw .unresolvable }
        let isListed = allowedHosts.contains(host)
        let usable = addresses.filter { isListed || $0.isPublicOrPrivate && !isDenied(.address($0)) }
        if usable.isEmpty { throw .refused }
        return usable
    }

    private func isDenied(_ host: ExternalHost) -> Bool {
        if restrictsHosts { return false }
        if case .address(let address) = host, let embedded = address.embedded,
            disallowedHosts.contains(.address(embedded))
        {
            return true
        }
        return disallowedHosts.contains(host)
    }
}
