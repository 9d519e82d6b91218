import AsyncHTTPClient
import Events
import FoundationEssentials
public import Logging
public import NIOCore
import NIOHTTP1
import NIOSSL
public import OsloConfig
import Synchronization

/// Keystone as this service sees it: authenticates by the service's own credentials, keeps the token that it gets until
/// shortly before its end, and asks with it.
public final class KeystoneSession: Sendable {
    private let settings: KeystoneSettings
    private let client: HTTPClient
    private let logger: Logger
    private let state = Mutex(State())
    private let outage = Outage()
    private let grants = SingleFlight<Int, Grant>()

    /// The service's own token, and where it says that Keystone is.
    private struct Grant: Sendable {
        var token: String
        /// When to get another, seconds since 1970.
        var renewal: Int64
        /// With `/v3`, without a slash at the end.
        var endpoint: String
    }

    private struct State {
        var grant: Grant?
        /// Counts the grants, so that one that Keystone refuses is given up once.
        var generation = 0
        /// Keystone locks users out who try too often, so a refusal stands for a moment.
        var refusal: (error: IdentityError, end: ContinuousClock.Instant)?
        /// Versioned addresses by configured ones.
        var endpoints: [String: String] = [:]
    }

    /// An HTTP answer of Keystone.
    public struct Answer: Sendable {
        public var status: Int
        public var body: [UInt8]
        var subjectToken: String?
    }

    /// - Throws: ``IdentityError/badConfiguration(_:)`` when a certificate or key cannot be read.
    public init(
        settings: KeystoneSettings, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        self.settings = settings
        self.logger = logger
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try TLSConfiguration(settings.tls, settings.section), redirectConfiguration: .disallow)
        configuration.timeout.connect = .seconds(Int64(settings.timeout ?? 10))
        configuration.timeout.read = .seconds(Int64(settings.timeout ?? 60))
        configuration.httpVersion = .http1Only
        // The client would go on trying until the deadline; how often is the operator's choice.
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    /// A session with the credentials of `[keystone_authtoken]`.
    ///
    /// - Throws: ``IdentityError/badConfiguration(_:)``.
    public convenience init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        try self.init(settings: KeystoneSettings(configuration), eventLoopGroup: eventLoopGroup, logger: logger)
    }

    deinit {
        // A start that fails half-way, or a check, may leave without it.
        client.shutdown { _ in }
    }

    /// Closes the connections. Nothing may be asked afterwards.
    public func shutdown() async {
        do {
            try await client.shutdown()
        } catch {
            logger.debug("Closing the connections to Keystone failed", metadata: ["error": "\(error)"])
        }
    }

    /// `GET` of `path` (`/limits?…`, below `/v3`) with the service's own token.
    ///
    /// - Throws: ``IdentityError/unavailable(_:)`` when there is no answer, or the service cannot authenticate. Whatever
    ///   status an answer has, it is returned.
    public func get(_ path: String, headers: [(String, String)] = []) async throws(IdentityError) -> Answer {
        let (grant, generation) = try await currentGrant()
        let answer = try await get(path, headers, by: grant)
        guard answer.status == 401 else { return answer }
        // The token may have been revoked, or Keystone's keys been replaced.
        state.withLock { if $0.generation == generation { $0.grant = nil } }
        return try await get(path, headers, by: currentGrant().0)
    }

    private func get(
        _ path: String, _ headers: [(String, String)], by grant: Grant
    ) async throws(IdentityError) -> Answer {
        var request = HTTPClientRequest(url: grant.endpoint + path)
        request.headers = HTTPHeaders(headers + [("Accept", "application/json"), ("X-Auth-Token", grant.token)])
        return try await send(request)
    }

    // MARK: The service's own token

    private func currentGrant() async throws(IdentityError) -> (Grant, generation: Int) {
        let (known, generation, refusal) = state.withLock { ($0.grant, $0.generation, $0.refusal) }
        if let known, known.renewal > Clock.secondsSince1970 { return (known, generation) }
        if let refusal, refusal.end > .now { throw refusal.error }
        let grant = try await grants.run(generation) { [self] () throws(IdentityError) in
            let grant = try await authenticate()
            state.withLock {
                $0.grant = grant
                $0.generation += 1
                $0.refusal = nil
            }
            return grant
        }
        return (grant, generation + 1)
    }

    private func authenticate() async throws(IdentityError) -> Grant {
        let base = try await versioned(settings.authURL)
        var request = HTTPClientRequest(url: base + "/auth/tokens")
        request.method = .POST
        request.headers = ["Accept": "application/json", "Content-Type": "application/json"]
        do {
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(AuthenticationRequest(settings))))
        } catch {
            throw .unavailable("the request for a token cannot be written: \(error)")
        }
        let answer = try await send(request)
        guard answer.status == 201, let token = answer.subjectToken else {
            let reason =
                answer.status == 401
                ? "Keystone refuses the service's own credentials"
                : "Keystone answered \(answer.status) when the service asked for its own token"
            throw refuse(.unavailable(reason))
        }
        do {
            let decoded = try JSONDecoder().decode(TokenAnswer.self, from: Data(answer.body))
            let catalog = try JSONDecoder().decode(CatalogAnswer.self, from: Data(answer.body)).token.catalog
            let now = Clock.secondsSince1970
            let life = max(0, try decoded.expiry() - now)
            let listed = settings.endpointOverride ?? endpoint(in: catalog ?? [])
            let endpoint = listed == nil ? base : try await versioned(listed ?? base)
            return Grant(token: token, renewal: now + life - min(30, life / 10), endpoint: endpoint)
        } catch let error as IdentityError {
            throw error
        } catch {
            throw refuse(.unavailable("Keystone's answer with the service's own token cannot be read"))
        }
    }

    private func refuse(_ error: IdentityError) -> IdentityError {
        logger.error("\(error)", metadata: ["auth_url": "\(settings.authURL)"])
        state.withLock { $0.refusal = (error, .now + .seconds(1)) }
        return error
    }

    /// Keystone's own address in the catalog, by interface and region.
    private func endpoint(in catalog: [CatalogAnswer.Service]) -> String? {
        let service = catalog.first { service in
            service.type == settings.serviceType
                && (settings.serviceName == nil || settings.serviceName == service.name)
        }
        let endpoints = (service?.endpoints ?? []).filter {
            settings.regionName == nil || settings.regionName == $0.region
        }
        for interface in settings.interfaces {
            let name = interface.replacing("URL", with: "")
            if let endpoint = endpoints.first(where: { $0.interface == name }) { return endpoint.url }
        }
        return nil
    }

    /// The address of version 3 for an address with or without a version.
    ///
    /// Source: Identity API v3, "List information about all Identity API versions".
    private func versioned(_ url: String) async throws(IdentityError) -> String {
        var url = url
        while url.hasSuffix("/") { url.removeLast() }
        if url.hasSuffix("/v3") { return url }
        if url.hasSuffix("/v2.0") { return url.dropLast(5) + "/v3" }
        if let known = state.withLock({ $0.endpoints[url] }) { return known }
        let answer = try await send(HTTPClientRequest(url: url + "/"))
        guard [200, 300].contains(answer.status) else { return url + "/v3" }
        let listed = (try? JSONDecoder().decode(VersionList.self, from: Data(answer.body)))?.version3
        var endpoint = listed ?? url + "/v3"
        while endpoint.hasSuffix("/") { endpoint.removeLast() }
        state.withLock { $0.endpoints[url] = endpoint }
        return endpoint
    }

    private struct VersionList: Decodable {
        var versions: [String: [Version]]

        struct Version: Decodable {
            var id: String
            var links: [Link]
        }

        struct Link: Decodable {
            var rel: String
            var href: String
        }

        var version3: String? {
            versions["values"]?.first { $0.id.hasPrefix("v3") }?.links.first {
                $0.rel == "self" && $0.href.hasPrefix("http")
            }?.href
        }
    }

    // MARK: HTTP

    /// Sends, and sends again when the answer's status says that this may help.
    private func send(_ request: HTTPClientRequest) async throws(IdentityError) -> Answer {
        let retries = settings.statusRetries
        for _ in 0..<retries.count {
            let answer = try await connectAndSend(request)
            guard retries.statuses.contains(answer.status) else { return answer }
            try? await Task.sleep(for: retries.delay)
        }
        return try await connectAndSend(request)
    }

    /// Sends, and sends again when no connection came about or it broke; not when Keystone was too slow.
    private func connectAndSend(_ request: HTTPClientRequest) async throws(IdentityError) -> Answer {
        var pause = settings.retryDelay
        for number in 0... {
            let attempt = outage.attempt
            do {
                let answer = try await sendOnce(request)
                noteAnswer(attempt)
                return answer
            } catch {
                guard number < settings.maxRetries, Self.isWorthAnotherAttempt(error) else {
                    note(error, attempt)
                    throw .unavailable("Keystone cannot be reached at \(settings.authURL): \(error)")
                }
            }
            // A cancelled wait ends in an attempt that is cancelled too.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, max(.seconds(1), settings.retryDelay))
        }
        throw .unavailable("Keystone cannot be reached at \(settings.authURL)")
    }

    /// One entry for the beginning of an outage.
    private func note(_ failure: any Error, _ attempt: Outage.Attempt) {
        // Who gave up waiting has learnt nothing about Keystone.
        guard !Task.isCancelled, outage.begins(with: attempt) else { return }
        logger.log(
            .keystoneUnreachable, level: .error, "Keystone cannot be reached",
            metadata: ["auth_url": "\(settings.authURL)", "error": "\(failure)"])
        // Asks now and then until Keystone answers: the next request that needs it may be far, and the log is to say when
        // the outage was over. Ends with that, or with the session, which it does not keep alive.
        let beginning = outage.attempt
        Task { [weak self] in
            var pause = Duration.seconds(1)
            repeat {
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .seconds(30))
            } while await self?.isStillAway(since: beginning) ?? false
        }
    }

    /// Whether the outage that began with `beginning` goes on. Asks Keystone.
    private func isStillAway(since beginning: Outage.Attempt) async -> Bool {
        guard outage.attempt == beginning else { return false }
        do {
            _ = try await sendOnce(HTTPClientRequest(url: settings.authURL))
            noteAnswer(beginning)
            return false
        } catch {
            return (error as? HTTPClientError) != .alreadyShutdown
        }
    }

    /// One entry for its end.
    private func noteAnswer(_ attempt: Outage.Attempt) {
        guard outage.ends(with: attempt) else { return }
        logger.log(.keystoneBack, "Keystone can be reached again", metadata: ["auth_url": "\(settings.authURL)"])
    }

    private func sendOnce(_ request: HTTPClientRequest) async throws -> Answer {
        let response = try await client.execute(
            request, timeout: .seconds(Int64(settings.timeout ?? 90)), logger: logger)
        let body = try await response.body.collect(upTo: 16 << 20)
        return Answer(
            status: Int(response.status.code), body: Array(body.readableBytesView),
            subjectToken: response.headers.first(name: "X-Subject-Token"))
    }

    private static func isWorthAnotherAttempt(_ error: any Error) -> Bool {
        if error is CancellationError || error is NIOTooManyBytesError { return false }
        guard let error = error as? HTTPClientError else { return true }
        return [.connectTimeout, .remoteConnectionClosed].contains(error)
    }
}

extension TLSConfiguration {
    fileprivate init(_ tls: KeystoneSettings.TLS, _ section: String) throws(IdentityError) {
        self = .makeClientConfiguration()
        if tls.isInsecure { certificateVerification = .none }
        switch tls.minimumVersion {
        case "1.2": minimumTLSVersion = .tlsv12
        case "1.3": minimumTLSVersion = .tlsv13
        default: break
        }
        if let ciphers = tls.ciphers { cipherSuites = ciphers }
        do {
            if let file = tls.caFile {
                trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            }
        } catch {
            throw .badConfiguration("[\(section)] cafile: certificates cannot be read from \(tls.caFile ?? "")")
        }
        guard let certificate = tls.certificateFile else { return }
        do {
            certificateChain = try NIOSSLCertificate.fromPEMFile(certificate).map { .certificate($0) }
        } catch {
            throw .badConfiguration("[\(section)] certfile: no certificate can be read from \(certificate)")
        }
        let key = tls.keyFile ?? certificate
        do {
            privateKey = .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
        } catch {
            throw .badConfiguration("[\(section)] keyfile: no private key can be read from \(key)")
        }
    }
}
