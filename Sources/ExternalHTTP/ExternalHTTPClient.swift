import AsyncHTTPClient
public import NIOCore
public import NIOHTTP1
import NIOPosix
import NIOSSL

/// The one place that contacts servers whose URLs come from clients.
///
/// Every hop of a request goes through ``ExternalURLFilter`` and to an address that the filter has seen, whatever the name
/// leads to by then (CVE-2026-34881, CVE-2026-71197). `Host`, SNI and the check of the certificate keep the name.
///
/// Proxies are servers that the operator has chosen: they get the name and look it up themselves. What can be said about
/// the name here is said before.
public struct ExternalHTTPClient: Sendable {
    /// Where a URL comes from.
    public enum Source: Sendable {
        /// From the request that is being served: everything is checked.
        case client
        /// From the database. Scheme, host and port were checked when it was stored, with the options of that time; the
        /// addresses and the deny list of hosts are asked each time, and about redirects to another server everything is.
        case location
    }

    private let settings: ExternalHTTPSettings
    private let filter: ExternalURLFilter
    private let eventLoopGroup: (any EventLoopGroup)?

    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group, started at the first request.
    public init(
        settings: ExternalHTTPSettings, filter: ExternalURLFilter, eventLoopGroup: (any EventLoopGroup)? = nil
    ) {
        self.settings = settings
        self.filter = filter
        self.eventLoopGroup = eventLoopGroup
    }

    /// Sends a request without a body and follows redirects. The answer may have any other status.
    public func send(
        _ method: HTTPMethod, _ url: ExternalURL, headers: HTTPHeaders = [:], source: Source
    ) async throws(ExternalHTTPError) -> ExternalHTTPResponse {
        var hop = url
        for _ in 0...settings.maximumRedirects {
            if source == .client || hop.origin != url.origin { try filter.checkLists(hop) }
            let response = try await exchange(method, hop, headers)
            guard [301, 302, 303, 307, 308].contains(response.status.code) else { return response }
            guard let target = response.headers.first(name: "Location"), let next = hop.redirected(to: target) else {
                throw .badRedirect
            }
            hop = next
        }
        throw .tooManyRedirects(settings.maximumRedirects)
    }

    /// One request to one server, at the first of its addresses that can be reached.
    private func exchange(
        _ method: HTTPMethod, _ url: ExternalURL, _ headers: HTTPHeaders
    ) async throws(ExternalHTTPError) -> ExternalHTTPResponse {
        let proxy = settings.proxies[url.scheme]
        let addresses: [IPAddress]
        do throws(ExternalHTTPError) {
            addresses = try await filter.addresses(of: url.host)
        } catch .unresolvable where proxy != nil {
            // Behind a proxy there need not be a name server for the outside.
            addresses = []
        }
        let request = request(method, url, headers, proxy)
        if proxy != nil {
            return try await execute(request, url, pin: nil, proxy, connectTimeout: .seconds(Int64(settings.timeout)))
        }
        // A name can have any number of addresses; all of them together have the time of one, and each at least a second.
        let tried = addresses.prefix(settings.timeout)
        var failure = ExternalHTTPError.unresolvable
        for address in tried {
            let share = TimeAmount.seconds(Int64(settings.timeout / tried.count))
            do throws(ExternalHTTPError) {
                return try await execute(request, url, pin: address, nil, connectTimeout: share)
            } catch {
                guard case .noConnection = error else { throw error }
                failure = error
            }
        }
        throw failure
    }

    private func execute(
        _ request: HTTPClientRequest, _ url: ExternalURL, pin: IPAddress?, _ proxy: HTTPProxy?,
        connectTimeout: TimeAmount
    ) async throws(ExternalHTTPError) -> ExternalHTTPResponse {
        var configuration = configuration(url.scheme, proxy)
        configuration.timeout.connect = connectTimeout
        if let pin, case .name(let name) = url.host { configuration.dnsOverride = [name: pin.text] }
        let client = SingleUseClient(
            eventLoopGroup: eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton, configuration: configuration)
        do {
            return ExternalHTTPResponse(try await client.execute(request), client: client)
        } catch {
            throw ExternalHTTPError(error)
        }
    }

    private func configuration(_ scheme: String, _ proxy: HTTPProxy?) -> HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let path = settings.certificateAuthorities {
            tls.trustRoots = .file(path)
        } else if settings.isInsecure {
            tls.certificateVerification = .none
            // Nobody asks them, and reading them takes time.
            tls.trustRoots = .certificates([])
        }
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: tls, redirectConfiguration: .disallow,
            timeout: .init(read: .seconds(Int64(settings.timeout))))
        if let proxy {
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

    private func request(
        _ method: HTTPMethod, _ url: ExternalURL, _ headers: HTTPHeaders, _ proxy: HTTPProxy?
    ) -> HTTPClientRequest {
        var request = HTTPClientRequest(url: url.text)
        request.method = method
        request.headers = headers
        if url.scheme == "http", let proxy {
            // See AbsoluteFormHandler.
            let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
            request.url = "http://\(host):\(proxy.port)\(url.target)"
            request.headers.add(name: "Host", value: url.authority)
            if let login = proxy.login { request.headers.add(name: "Proxy-Authorization", value: "Basic \(login)") }
        }
        if let authorization = url.authorization { request.headers.add(name: "Authorization", value: authorization) }
        request.headers.add(name: "User-Agent", value: "openstack-glance")
        request.headers.add(name: "Connection", value: "close")
        // A compressed answer would be other bytes, of another length.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        return request
    }
}

/// A client of the library for one exchange, because it takes pinned addresses only for all of its requests. Ends the
/// connection when nobody holds it any more.
final class SingleUseClient: Sendable {
    private let client: HTTPClient

    init(eventLoopGroup: any EventLoopGroup, configuration: HTTPClient.Configuration) {
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
        try await client.execute(request, deadline: .distantFuture)
    }

    deinit {
        let client = client
        Task { try? await client.shutdown() }
    }
}
