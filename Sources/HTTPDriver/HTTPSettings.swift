public import ExternalHTTP
public import ImageStore
public import OsloConfig
import OutgoingHTTP

/// The options of one store of the driver `http`.
public struct HTTPSettings: Sendable {
    /// The options `https_*` and `http_proxy_information`. Like Glance, the driver verifies no certificates by default.
    public var client: ExternalHTTPSettings
    /// `[import_filtering_opts]`, which counts for all stores.
    public var filter: ExternalURLFilter

    /// The settings of the store `store`.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    public init(configuration: Configuration, store: String) throws(StoreError) {
        client = ExternalHTTPSettings()
        let file = configuration.value(Options.HttpStore.httpsCaCertificatesFile, store: store)
        client.certificateAuthorities = file == "" ? nil : file
        client.isInsecure = configuration.value(Options.HttpStore.httpsInsecure, store: store)
        for (scheme, proxy) in configuration.value(Options.HttpStore.httpProxyInformation, store: store) {
            guard ExternalURL.schemes.contains(scheme), let proxy = HTTPProxy(text: proxy) else {
                throw .badConfiguration(
                    "store \(store): http_proxy_information must be of the form http:HOST:PORT,https:HOST:PORT")
            }
            client.proxies[scheme] = proxy
        }
        filter = ExternalURLFilter(configuration: configuration)
    }
}
