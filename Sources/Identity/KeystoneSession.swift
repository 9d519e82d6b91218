import Events
import JSON
public import Logging
public import NIOCore
import NIOHTTP1
public import OsloConfig
import OutgoingHTTP
import Synchronization
import TextCoding

/// Keystone as this service sees it: authenticates by the service's own credentials, keeps the token that it gets until
/// shortly before its end, and asks with it.
public final class KeystoneSession: Sendable {
    private let settings: KeystoneSettings
    private let client: OutgoingHTTPClient
    private let retries: RetryPolicy
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
        var catalog: ServiceCatalog
        var userID: String
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
        var http = OutgoingHTTPSettings()
        http.connectTimeout = .seconds(settings.timeout ?? 10)
        http.idleTimeout = .seconds(settings.timeout ?? 60)
        client = OutgoingHTTPClient(
            http, tls: try Self.tls(settings), eventLoopGroup: eventLoopGroup, logger: logger)
        retries = RetryPolicy(settings)
    }

    /// A session with the credentials of `[keystone_authtoken]`.
    ///
    /// - Throws: ``IdentityError/badConfiguration(_:)``.
    public convenience init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        try self.init(settings: KeystoneSettings(configuration), eventLoopGroup: eventLoopGroup, logger: logger)
    }

    private static func tls(_ settings: KeystoneSettings) throws(IdentityError) -> LoadedTLS {
        do throws(OutgoingHTTPError) {
            return try LoadedTLS(settings.tls)
        } catch {
            let option =
                switch error {
                case .unusableFile(.authorities, _): "cafile"
                case .unusableFile(.certificate, _): "certfile"
                default: "keyfile"
                }
            throw .badConfiguration("[\(settings.section)] \(option): \(error)")
        }
    }

    /// Closes the connections. Nothing may be asked afterwards.
    public func shutdown() async { await client.shutdown() }

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
        try await send(
            OutgoingRequest(
                .GET, grant.endpoint + path,
                headers: HTTPHeaders(headers + [("Accept", "application/json"), ("X-Auth-Token", grant.token)])))
    }

    // MARK: The service's own token

    /// What another service wants to know of who asks it.
    public struct Access: Sendable {
        /// Never logged.
        public let token: String
        /// Where the other services are.
        public let catalog: ServiceCatalog
        public let userID: String
        fileprivate let generation: Int
    }

    /// The session's token, for other services; of those that are kept, one that does not end soon.
    ///
    /// - Throws: ``IdentityError/unavailable(_:)`` when there is none to be had.
    public func access() async throws(IdentityError) -> Access {
        let (grant, generation) = try await currentGrant()
        return Access(token: grant.token, catalog: grant.catalog, userID: grant.userID, generation: generation)
    }

    /// A service has refused a token: the next ``access()`` gets another one.
    public func forget(_ refused: Access) {
        state.withLock { if $0.generation == refused.generation { $0.grant = nil } }
    }

    private func currentGrant() async throws(IdentityError) -> (Grant, generation: Int) {
        let (known, generation, refusal) = state.withLock { ($0.grant, $0.generation, $0.refusal) }
        if let known, known.renewal > Timestamp.now.secondsSince1970 { return (known, generation) }
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
        let request = OutgoingRequest(
            .POST, base + "/auth/tokens", headers: ["Accept": "application/json", "Content-Type": "application/json"],
            body: .bytes(ByteBuffer(string: JSONWriter.text(of: AuthenticationRequest(settings).json))))
        let answer = try await send(request)
        guard answer.status == 201, let token = answer.subjectToken else {
            let reason =
                answer.status == 401
                ? "Keystone refuses the service's own credentials"
                : "Keystone answered \(answer.status) when the service asked for its own token"
            throw refuse(.unavailable(reason))
        }
        do {
            let document = try JSONValue.parse(answer.body)
            let decoded = try document.decode(TokenAnswer.self)
            let catalog = try document.decode(CatalogAnswer.self).token.catalog
            let now = Timestamp.now.secondsSince1970
            let life = max(0, try decoded.expiry() - now)
            let listed = settings.endpointOverride ?? endpoint(in: catalog ?? [])
            let endpoint = listed == nil ? base : try await versioned(listed ?? base)
            let margin = settings.renewalMargin.map { min(Int64($0), life / 2) } ?? min(30, life / 10)
            return Grant(
                token: token, renewal: now + life - margin, endpoint: endpoint,
                catalog: ServiceCatalog(catalog ?? []), userID: decoded.token.user.id)
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
        let answer = try await send(OutgoingRequest(.GET, url + "/"))
        guard [200, 300].contains(answer.status) else { return url + "/v3" }
        let listed = (try? JSONValue.parse(answer.body).decode(VersionList.self))?.version3
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

    /// Sends, and sends again when no connection came about or it broke, or the answer's status says that this may help;
    /// not when Keystone was too slow.
    private func send(_ request: OutgoingRequest) async throws(IdentityError) -> Answer {
        // That of the last attempt: only then is it known that Keystone is away.
        var latest = outage.attempt
        do throws(OutgoingHTTPError) {
            return try await retries.run(
                status: { (answer: Answer) in answer.status },
                attempt: { () async throws(OutgoingHTTPError) -> Answer in
                    let attempt = outage.attempt
                    latest = attempt
                    let answer = try await sendOnce(request)
                    noteAnswer(attempt)
                    return answer
                })
        } catch {
            note(error, latest)
            throw .unavailable("Keystone cannot be reached at \(settings.authURL): \(error)")
        }
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
            _ = try await sendOnce(OutgoingRequest(.GET, settings.authURL))
            noteAnswer(beginning)
            return false
        } catch {
            return error != .closed
        }
    }

    /// One entry for its end.
    private func noteAnswer(_ attempt: Outage.Attempt) {
        guard outage.ends(with: attempt) else { return }
        logger.log(.keystoneBack, "Keystone can be reached again", metadata: ["auth_url": "\(settings.authURL)"])
    }

    private func sendOnce(_ request: OutgoingRequest) async throws(OutgoingHTTPError) -> Answer {
        var request = request
        request.deadline = .seconds(settings.timeout ?? 90)
        let response = try await client.send(request)
        let body = try await response.collect(upTo: 16 << 20)
        return Answer(
            status: Int(response.status.code), body: Array(body.readableBytesView),
            subjectToken: response.headers.first(name: "X-Subject-Token"))
    }
}

extension RetryPolicy {
    fileprivate init(_ settings: KeystoneSettings) {
        self.init()
        failures = settings.maxRetries
        delay = settings.retryDelay
        answers = settings.statusRetries.count
        answerDelay = settings.statusRetries.delay
        statuses = settings.statusRetries.statuses
    }
}
