import AsyncHTTPClient
import NIOCore
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
        let proxy = settings.proxies[scheme].map { proxy in
            let authorization = proxy.user.map {
                HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "")
            }
            return authorization.map { .server(host: proxy.host, port: proxy.port, authorization: $0) }
                ?? HTTPClient.Configuration.Proxy.server(host: proxy.host, port: proxy.port)
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(Int64(settings.timeout)), read: .seconds(Int64(settings.timeout))),
            proxy: proxy)
        configuration.httpVersion = .http1Only
        // A server that refuses is a failed source: the next one is tried at once.
        configuration.connectionPool.retryConnectionEstablishment = false
        return configuration
    }

    func shutdown() async {
        let open = clients.withLock { clients in
            defer { clients = [:] }
            return Array(clients.values)
        }
        for client in open { try? await client.shutdown() }
    }
}
