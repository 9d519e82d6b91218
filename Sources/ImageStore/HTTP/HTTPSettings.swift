public import OsloConfig

/// The options `https_*` and `http_proxy_information` of one store.
public struct HTTPSettings: Sendable {
    /// `https_ca_certificates_file`: PEM file or directory of the authorities to trust; switches verification on.
    public var certificateAuthorities: String?
    /// `https_insecure`: certificates are not verified. On by default, as in Glance.
    public var isInsecure = true
    /// `http_proxy_information`: the proxy for the URLs of a scheme, `http` or `https`.
    public var proxies: [String: HTTPProxy] = [:]
    /// Redirects that are followed before giving up.
    public var maximumRedirects = 5
    /// Seconds for making a connection, and until the server sends something.
    public var timeout = 60

    public init() {}

    /// The settings of the store `store`.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, store: String) throws(StoreError) {
        let file = configuration.value(Options.HttpStore.httpsCaCertificatesFile, store: store)
        certificateAuthorities = file == "" ? nil : file
        isInsecure = configuration.value(Options.HttpStore.httpsInsecure, store: store)
        for (scheme, proxy) in configuration.value(Options.HttpStore.httpProxyInformation, store: store) {
            guard HTTPLocation.schemes.contains(scheme), let proxy = HTTPProxy(text: proxy) else {
                throw .badConfiguration(
                    "store \(store): http_proxy_information must be of the form http:HOST:PORT,https:HOST:PORT")
            }
            proxies[scheme] = proxy
        }
    }
}
