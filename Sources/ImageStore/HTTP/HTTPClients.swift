import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// One client for each scheme, because proxies go by scheme. Made when first needed: most processes never read from
/// the web.
final class HTTPClients: Sendable {
    private let settings: HTTPSettings
    private let eventLoopGroup: (any EventLoopGroup)?
    private let clients = Mutex<[String: HTTPClient]>([:])

    init(settings: HTTPSettings, eventLoopGroup: (any EventLoopGroup)?) {
        self.settings = settings
        self.eventLoopGroup = eventLoopGroup
    }

    subscript(scheme: String) -> HTTPClient {
        clients.withLock { clients in
            if let client = clients[scheme] { return client }
            let group = eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
            let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration(scheme))
            clients[scheme] = client
            return client
        }
    }

    private func configuration(_ scheme: String) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let path = settings.certificateAuthorities {
            tls.trustRoots = .file(path)
        } else if settings.isInsecure {
            tls.certificateVerification = .none
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Int64(settings.timeout)), read: .seconds(Int64(settings.timeout))))
        if let proxy = settings.proxies[scheme] {
            if scheme == "https" {
                let login = proxy.login.map { HTTPClient.Authorization.basic(credentials: $0) }
                configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: login)
            } else {
                configuration.http1_1ConnectionDebugInitializer = AbsoluteFormHandler.add(to:)
            }
        }
        configuration.httpVersion = .http1Only
        // A download has other locations to try, and a client that waits.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    /// A request for a location, to be sent by the client of its scheme.
    func request(_ method: HTTPMethod, _ location: HTTPLocation) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: location.url)
        if location.scheme == "http", let proxy = settings.proxies["http"] {
            // See AbsoluteFormHandler.
            let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
            request.url = "http://\(host):\(proxy.port)\(location.target)"
            request.headers.add(name: "Host", value: String(location.authority))
            if let login = proxy.login { request.headers.add(name: "Proxy-Authorization", value: "Basic \(login)") }
        }
        request.method = method
        if let authorization = location.authorization {
            request.headers.add(name: "Authorization", value: authorization)
        }
        return request
    }

    func shutdown() async {
        let open = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in open { try? await client.shutdown() }
    }
}
