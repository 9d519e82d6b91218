import FoundationEssentials

/// An `http://` or `https://` location, with the user and password of the URL kept apart from it.
struct HTTPLocation: Sendable {
    static let schemes: Set<String> = ["http", "https"]

    let scheme: String
    /// Absolute, without user, password and fragment.
    let url: String
    /// Value of the header `Authorization` (RFC 7617) for the URL's user and password.
    let authorization: String?
    private let origin: String

    /// Host and port as the URL has them.
    var authority: Substring { url.dropFirst(scheme.count + 3).prefix { $0 != "/" && $0 != "?" } }
    /// Path and query.
    var target: String {
        let rest = url.dropFirst(scheme.count + 3 + authority.count)
        return rest.first == "/" ? String(rest) : "/" + rest
    }

    /// - Throws: ``StoreError/badLocation(_:)``.
    init(url: String) throws(StoreError) {
        guard var parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            Self.schemes.contains(scheme), let host = parts.host, !host.isEmpty
        else { throw .badLocation("the location is not an http or https URL with a host") }
        let port = parts.port ?? (scheme == "http" ? 80 : 443)
        guard (1...65535).contains(port) else { throw .badLocation("the location's port is not a TCP port") }
        authorization = parts.user.map { user in
            "Basic " + Data("\(user):\(parts.password ?? "")".utf8).base64EncodedString()
        }
        parts.password = nil
        parts.user = nil
        parts.fragment = nil
        parts.scheme = scheme
        guard let plain = parts.string else { throw .badLocation("the location is not a URL") }
        self.scheme = scheme
        self.url = plain
        origin = "\(scheme)://\(host.lowercased()):\(port)"
    }

    private init(_ location: HTTPLocation, authorization: String?) {
        scheme = location.scheme
        url = location.url
        origin = location.origin
        self.authorization = authorization
    }

    /// Where a redirect leads. The password goes along only to the same scheme, host and port.
    ///
    /// - Parameter target: the header `Location`, which may be relative (RFC 9110, 10.2.2).
    func redirected(to target: String) throws(StoreError) -> HTTPLocation {
        guard let base = URL(string: url), let absolute = URL(string: target, relativeTo: base)?.absoluteString else {
            throw .backend("the HTTP server redirects to something that is not a URL")
        }
        let next: HTTPLocation
        do throws(StoreError) {
            next = try HTTPLocation(url: absolute)
        } catch {
            throw .backend("the HTTP server redirects to something that is not an http or https URL")
        }
        if next.authorization == nil, next.origin == origin { return HTTPLocation(next, authorization: authorization) }
        return next
    }
}
