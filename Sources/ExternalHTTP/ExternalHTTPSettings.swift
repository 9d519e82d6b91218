public import OutgoingHTTP

/// How external servers are talked to.
public struct ExternalHTTPSettings: Sendable {
    /// PEM file or directory of the authorities to trust; switches verification on.
    public var certificateAuthorities: String?
    /// Certificates are not verified.
    public var isInsecure = false
    /// The proxy for the URLs of a scheme, `http` or `https`.
    public var proxies: [String: HTTPProxy] = [:]
    /// Redirects that are followed before giving up.
    public var maximumRedirects = 5
    /// Seconds for making a connection, and until the server sends something; at least 1.
    public var timeout = 60

    public init() {}
}
