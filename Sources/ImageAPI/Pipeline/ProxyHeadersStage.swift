import HTTPTypes
import Hummingbird

/// oslo's filter `http_proxy_to_wsgi`: takes scheme, host and path prefix from the headers of a TLS-terminating proxy, so that
/// absolute links are the client's. Only where `enable_proxy_headers_parsing` says that there is one, because clients can send
/// these headers too.
///
/// The client's address is taken over as well, for the access log, if the connection comes from a proxy that is trusted.
struct ProxyHeadersStage: PipelineStage {
    /// `public_endpoint`: where it is set, nothing that a proxy says changes links.
    let publicEndpoint: String?
    /// Networks of proxies that may say where a request comes from.
    let trustedProxies: [AddressRange]

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let forwarded = ForwardedHeaders(request.headers)
        if let proxy = context.remoteAddress, trustedProxies.contains(where: { $0.contains(proxy) }),
            let client = forwarded.client(behind: trustedProxies)
        {
            context.record.update { $0.client = client }
        }
        guard publicEndpoint == nil, forwarded.scheme != nil || forwarded.host != nil || !forwarded.prefix.isEmpty
        else {
            return try await next(request, context)
        }
        var context = context
        let authority = forwarded.host ?? request.head.authority ?? "localhost"
        context.baseURL = "\(forwarded.scheme ?? "http")://\(authority)\(forwarded.prefix)"
        return try await next(request, context)
    }
}
