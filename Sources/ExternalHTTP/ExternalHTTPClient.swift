public import NIOCore
public import NIOHTTP1
import NIOPosix
import OutgoingHTTP

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
    /// Nil when the certificates of the authorities cannot be read: then nobody is trusted.
    private let tls: LoadedTLS?

    /// Reads the certificates of the authorities.
    ///
    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group, started at the first request.
    public init(
        settings: ExternalHTTPSettings, filter: ExternalURLFilter, eventLoopGroup: (any EventLoopGroup)? = nil
    ) {
        self.settings = settings
        self.filter = filter
        self.eventLoopGroup = eventLoopGroup
        var tls = TLSSettings()
        tls.caFile = settings.certificateAuthorities
        tls.isInsecure = settings.isInsecure && settings.certificateAuthorities == nil
        self.tls = try? LoadedTLS(tls)
    }

    /// Sends a request without a body and follows redirects. The answer may have any other status.
    ///
    /// - Parameter headers: those that say who asks go to no server but the URL's own.
    public func send(
        _ method: HTTPMethod, _ url: ExternalURL, headers: HTTPHeaders = [:], source: Source
    ) async throws(ExternalHTTPError) -> ExternalHTTPResponse {
        var hop = url
        for _ in 0...settings.maximumRedirects {
            if source == .client || hop.origin != url.origin { try filter.checkLists(hop) }
            let response = try await exchange(method, hop, hop.origin == url.origin ? headers : withoutSecrets(headers))
            guard [301, 302, 303, 307, 308].contains(response.status.code) else { return response }
            guard let target = response.headers.first(name: "Location"), let next = hop.redirected(to: target) else {
                throw .badRedirect
            }
            hop = next
        }
        throw .tooManyRedirects(settings.maximumRedirects)
    }

    private func withoutSecrets(_ headers: HTTPHeaders) -> HTTPHeaders {
        var headers = headers
        for name in ["Authorization", "Cookie", "X-Auth-Token", "X-Service-Token"] { headers.remove(name: name) }
        return headers
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
        let request = request(method, url, headers)
        if proxy != nil {
            return try await execute(request, pin: [:], connectTimeout: .seconds(settings.timeout))
        }
        // A name can have any number of addresses; all of them together have the time of one, and each at least a second.
        let tried = addresses.prefix(settings.timeout)
        var failure = ExternalHTTPError.unresolvable
        for address in tried {
            var pin: [String: String] = [:]
            if case .name(let name) = url.host { pin[name] = address.text }
            do throws(ExternalHTTPError) {
                return try await execute(
                    request, pin: pin, connectTimeout: .seconds(settings.timeout / tried.count))
            } catch {
                guard case .noConnection = error else { throw error }
                failure = error
            }
        }
        throw failure
    }

    /// A client for one exchange, because addresses are pinned for all of a client's requests. The answer holds it.
    private func execute(
        _ request: OutgoingRequest, pin: [String: String], connectTimeout: Duration
    ) async throws(ExternalHTTPError) -> ExternalHTTPResponse {
        var http = OutgoingHTTPSettings()
        http.connectTimeout = connectTimeout
        http.idleTimeout = .seconds(settings.timeout)
        http.proxies = settings.proxies
        http.addresses = pin
        guard let tls else { throw .untrusted }
        let client = OutgoingHTTPClient(
            http, tls: tls, eventLoopGroup: eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton)
        do throws(OutgoingHTTPError) {
            return ExternalHTTPResponse(try await client.send(request))
        } catch {
            throw ExternalHTTPError(error)
        }
    }

    private func request(_ method: HTTPMethod, _ url: ExternalURL, _ headers: HTTPHeaders) -> OutgoingRequest {
        var request = OutgoingRequest(method, url.text, headers: headers)
        if let authorization = url.authorization { request.headers.add(name: "Authorization", value: authorization) }
        request.headers.add(name: "User-Agent", value: "openstack-glance")
        request.headers.add(name: "Connection", value: "close")
        // A compressed answer would be other bytes, of another length.
        request.headers.add(name: "Accept-Encoding", value: "identity")
        return request
    }
}
