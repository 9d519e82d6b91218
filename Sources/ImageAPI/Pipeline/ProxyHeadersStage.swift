import HTTPTypes
import Hummingbird

/// oslo's filter `http_proxy_to_wsgi`: takes scheme, host and path prefix from the headers of a TLS-terminating proxy, so that
/// absolute links are the client's. Only where `enable_proxy_headers_parsing` says that there is one, because clients can send
/// these headers too.
struct ProxyHeadersStage: RouterMiddleware {
    /// `public_endpoint`: where it is set, nothing that a proxy says changes links.
    let publicEndpoint: String?

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if publicEndpoint != nil { return try await next(request, context) }
        var context = context
        let headers = request.headers
        var scheme: String?
        var host: String?
        if let forwarded = headers[.forwarded] {
            // RFC 7239, section 4. The first element is the one that the client's own proxy wrote.
            for pair in forwarded.prefix(while: { $0 != "," }).split(separator: ";") {
                let parts = pair.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { continue }
                let value = Self.unquote(parts[1])
                switch Self.trim(parts[0]).lowercased() {
                case "proto": scheme = value
                case "host": host = value
                default: break
                }
            }
        } else {
            scheme = headers[.forwardedProto]
            host = headers[.forwardedHost]
        }
        let prefix = headers[.forwardedPrefix] ?? ""
        guard scheme != nil || host != nil || !prefix.isEmpty else { return try await next(request, context) }
        let authority = host ?? request.head.authority ?? "localhost"
        context.baseURL = "\(scheme ?? "http")://\(authority)\(prefix)"
        while context.baseURL.hasSuffix("/") { context.baseURL.removeLast() }
        return try await next(request, context)
    }

    private static func unquote(_ value: Substring) -> String {
        let value = trim(value)
        guard value.count >= 2, value.hasPrefix("\""), value.hasSuffix("\"") else { return String(value) }
        return String(value.dropFirst().dropLast())
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while text.first == " " { text = text.dropFirst() }
        while text.last == " " { text = text.dropLast() }
        return text
    }
}

extension HTTPField.Name {
    static let forwarded = HTTPField.Name("Forwarded")!
    static let forwardedProto = HTTPField.Name("X-Forwarded-Proto")!
    static let forwardedHost = HTTPField.Name("X-Forwarded-Host")!
    static let forwardedPrefix = HTTPField.Name("X-Forwarded-Prefix")!
}
