import AsyncHTTPClient
public import Logging
public import NIOCore
import NIOHTTP1

/// The one client for everything that goes out: Keystone, remote policies, URLs of clients, the backends of stores.
///
/// Bodies are streamed both ways and nowhere held: a slow server slows the source of an upload, a slow reader slows the
/// server. Connections are pooled by server. Redirects are answers like any other.
public final class OutgoingHTTPClient: Sendable {
    let eventLoopGroup: any EventLoopGroup
    private let settings: OutgoingHTTPSettings
    private let logger: Logger?
    /// Two, since the library's proxy is a matter of the client: it makes tunnels, which plain HTTP does without.
    private let plain: HTTPClient
    private let secure: HTTPClient

    /// - Parameters:
    ///   - eventLoopGroup: where connections live.
    ///   - logger: for the library's own debug lines.
    public init(
        _ settings: OutgoingHTTPSettings = .init(), tls: LoadedTLS = .init(), eventLoopGroup: any EventLoopGroup,
        logger: Logger? = nil
    ) {
        self.eventLoopGroup = eventLoopGroup
        self.settings = settings
        self.logger = logger
        var configuration = HTTPClient.Configuration(settings, tls)
        let direct = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
        if let proxy = settings.proxies["https"] {
            let login = proxy.login.map { HTTPClient.Authorization.basic(credentials: $0) }
            configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: login)
            secure = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
        } else {
            secure = direct
        }
        if settings.proxies["http"] != nil {
            configuration.proxy = nil
            configuration.http1_1ConnectionDebugInitializer = { channel in
                channel.receiveLargeBuffers().flatMap { AbsoluteFormHandler.add(to: channel) }
            }
            plain = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
            if secure !== direct { direct.shutdown { _ in } }
        } else {
            plain = direct
        }
    }

    deinit {
        // A start that fails half-way, a check, or a client for one request, leaves without shutting down.
        let clients = clients
        Task { for client in clients { try? await client.shutdown() } }
    }

    private var clients: [HTTPClient] { plain === secure ? [plain] : [plain, secure] }

    /// Closes the connections. Nothing may be sent afterwards. A second time does nothing.
    public func shutdown() async {
        for client in clients {
            do {
                try await client.shutdown()
            } catch {
                logger?.debug("Closing connections failed", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Sends a request. The answer may have any status, and its body is still to be read.
    public func send(_ request: OutgoingRequest) async throws(OutgoingHTTPError) -> OutgoingResponse {
        let started = NIODeadline.now()
        let deadline = request.deadline.map { started + TimeAmount($0) }
        let idleTimeout = request.idleTimeout.map { TimeAmount($0) }
        // While a streamed body is being sent, the server is not silent but busy.
        let headDeadline = [deadline, request.isRepeatable ? idleTimeout.map { started + $0 } : nil]
            .compactMap { $0 }.min()
        let isSecure = request.url.lowercased().hasPrefix("https:")
        let client = isSecure ? secure : plain
        var prepared = HTTPClientRequest(request, proxy: isSecure ? nil : settings.proxies["http"])
        do {
            let response: HTTPClientResponse
            if case .stream(let length, let source) = request.body {
                let longestPause = idleTimeout ?? settings.idleTimeout.map { TimeAmount($0) }
                let watch = UploadWatch(eventLoop: eventLoopGroup.any(), idleTimeout: longestPause)
                prepared.body = .stream(
                    UploadSource(source: source, watch: watch), length: length.map { .known($0) } ?? .unknown)
                response = try await upload(prepared, by: client, watch, headDeadline)
            } else {
                response = try await client.execute(prepared, deadline: headDeadline ?? .distantFuture, logger: logger)
            }
            return OutgoingResponse(response, client: self, deadline: deadline, idleTimeout: idleTimeout)
        } catch {
            throw OutgoingHTTPError(error)
        }
    }

    private func upload(
        _ request: HTTPClientRequest, by client: HTTPClient, _ watch: UploadWatch, _ deadline: NIODeadline?
    ) async throws -> HTTPClientResponse {
        let sending = Task { try await client.execute(request, deadline: deadline ?? .distantFuture, logger: logger) }
        watch.begin { sending.cancel() }
        defer { watch.end() }
        do {
            return try await withTaskCancellationHandler {
                try await sending.value
            } onCancel: {
                sending.cancel()
            }
        } catch {
            throw watch.isStalled ? OutgoingHTTPError.timeout : error
        }
    }

    /// Sends a request, and again as `retries` says. One with a streamed body is sent once: what was taken from the
    /// stream is gone.
    public func send(
        _ request: OutgoingRequest, retries: RetryPolicy
    ) async throws(OutgoingHTTPError) -> OutgoingResponse {
        guard request.isRepeatable else { return try await send(request) }
        return try await retries.run(
            status: { Int($0.status.code) },
            attempt: { () async throws(OutgoingHTTPError) -> OutgoingResponse in try await send(request) })
    }
}

extension HTTPClient.Configuration {
    fileprivate init(_ settings: OutgoingHTTPSettings, _ tls: LoadedTLS) {
        let idleTimeout = settings.idleTimeout.map { TimeAmount($0) }
        self.init(
            tlsConfiguration: tls.configuration, redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(settings.connectTimeout), read: idleTimeout))
        httpVersion = .http1Only
        dnsOverride = settings.addresses
        connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = settings.connectionsPerServer
        connectionPool.idleTimeout = TimeAmount(settings.unusedTimeout)
        // The library would go on trying until the deadline; how often is the caller's choice.
        connectionPool.retryConnectionEstablishment = false
        http1_1ConnectionDebugInitializer = { $0.receiveLargeBuffers() }
    }
}

extension Channel {
    /// What comes fast is received in larger buffers than NIO's 64 KiB: each is handed from the connection's event loop to
    /// its reader and on, which takes as long as to copy a good part of it.
    fileprivate func receiveLargeBuffers() -> EventLoopFuture<Void> {
        setOption(
            .recvAllocator, value: AdaptiveRecvByteBufferAllocator(minimum: 1024, initial: 16 << 10, maximum: 256 << 10)
        )
    }
}

extension HTTPClientRequest {
    /// - Parameter proxy: for plain HTTP; see ``AbsoluteFormHandler``.
    fileprivate init(_ request: OutgoingRequest, proxy: HTTPProxy?) {
        self.init(url: request.url)
        method = request.method
        headers = request.headers
        if let proxy, let scheme = request.url.firstRange(of: "://") {
            let rest = request.url[scheme.upperBound...]
            let authority = rest.prefix { !"/?#".contains($0) }
            let target = rest.dropFirst(authority.count)
            let host = proxy.host.contains(":") ? "[\(proxy.host)]" : proxy.host
            url = "http://\(host):\(proxy.port)" + (target.hasPrefix("/") ? "" : "/") + target
            headers.replaceOrAdd(name: "Host", value: String(authority))
            if let login = proxy.login { headers.replaceOrAdd(name: "Proxy-Authorization", value: "Basic \(login)") }
        }
        if case .bytes(let bytes) = request.body { body = .bytes(bytes) }
    }
}
