public import Logging
public import NIOCore
public import OsloConfig
import Synchronization
import TextCoding

/// `[keystone_authtoken]`: turns a token into an ``AuthContext``, with an in-process cache in front of memcached in front
/// of Keystone. Parallel requests with the same unknown token ask Keystone once.
///
/// Source: keystonemiddleware documentation, "Configuring the middleware"; Identity API v3, "Validate and show
/// information for token".
public final class TokenAuthenticator: Sendable {
    /// Tokens that are remembered at most.
    static let capacity = 4096
    /// Seconds that a refusal is remembered: enough against a client that insists.
    private static let refusalTime = 10

    /// Whom this service is to Keystone.
    public let session: KeystoneSession
    private let settings: TokenSettings
    private let shared: SharedTokenCache?
    private let logger: Logger
    private let caches = Mutex(Caches())
    private let validations = SingleFlight<Question, ValidatedToken>()

    private struct Question: Hashable, Sendable {
        var token: TokenDigest
        var allowsExpired: Bool
    }

    private struct Caches {
        var valid = ExpiringCache<TokenDigest, ValidatedToken>(capacity: TokenAuthenticator.capacity)
        var refused = ExpiringCache<Question, Void>(capacity: TokenAuthenticator.capacity)
    }

    /// - Throws: ``IdentityError/badConfiguration(_:)``.
    public convenience init(
        configuration: Configuration, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        let keystone = try KeystoneSettings(configuration)
        try self.init(
            keystone: keystone, tokens: TokenSettings(configuration, authURL: keystone.authURL, logger: logger),
            eventLoopGroup: eventLoopGroup, logger: logger)
    }

    init(
        keystone: KeystoneSettings, tokens settings: TokenSettings, eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(IdentityError) {
        session = try KeystoneSession(settings: keystone, eventLoopGroup: eventLoopGroup, logger: logger)
        self.settings = settings
        self.logger = logger
        shared =
            settings.cacheTime > 0
            ? settings.memcached.map {
                SharedTokenCache(
                    $0, realm: "\(keystone.authURL) \(settings.includesCatalog)", eventLoopGroup: eventLoopGroup,
                    logger: logger)
            } : nil
        if !settings.serviceRolesRequired {
            logger.warning(
                "[keystone_authtoken] service_token_roles_required is false: any valid token counts as a service's")
        }
    }

    /// Value of `WWW-Authenticate` on a 401: `Keystone uri="<www_authenticate_uri>"`.
    public var challenge: String { "Keystone uri=\"\(settings.publicURL)\"" }

    /// Ends connections and threads. Nothing may be asked afterwards.
    public func shutdown() async {
        await session.shutdown()
        await shared?.shutdown()
    }

    /// Validates `token`, and `serviceToken` if there is one. A service token with one of `service_token_roles` makes an
    /// expired user token acceptable; one that isn't valid is as good as none.
    ///
    /// - Parameters:
    ///   - method: of the request; tokens of application credentials with access rules are refused without it.
    ///   - path: of the request, without query.
    /// - Throws: ``IdentityError/invalidToken``, ``IdentityError/unavailable(_:)``.
    public func authenticate(
        token: String, serviceToken: String?, method: String? = nil, path: String? = nil
    ) async throws(IdentityError) -> AuthContext {
        let service = try await self.service(serviceToken)
        let isService = service.map { !settings.serviceRoles.isDisjoint(with: $0.roles) } ?? false
        let valid = try await validate(token, allowsExpired: isService)
        if let rules = valid.accessRules, !isService {
            // Through another service the user does what that service may, so the rules are the first service's matter.
            guard let type = settings.serviceType, let method, let path,
                rules.contains(where: { $0.allows(service: type, method: method, path: path) })
            else {
                logger.info(
                    "An application credential's access rules don't allow the request",
                    metadata: [
                        "service_type": "\(settings.serviceType ?? "not set")"
                    ])
                throw .invalidToken
            }
        }
        var context = valid.context
        if let service, isService || !settings.serviceRolesRequired {
            context.service = AuthContext.ServiceToken(
                userID: service.userID, userDomainID: service.userDomainID, projectID: service.projectID,
                projectDomainID: service.projectDomainID, roles: service.roles)
        }
        return context
    }

    /// Facts of a service token, nil when there is none or it isn't valid.
    private func service(_ token: String?) async throws(IdentityError) -> AuthContext? {
        guard let token else { return nil }
        do {
            return try await validate(token, allowsExpired: false).context
        } catch {
            if error != .invalidToken { throw error }
            logger.info("The service token isn't valid")
            return nil
        }
    }

    private func validate(_ token: String, allowsExpired: Bool) async throws(IdentityError) -> ValidatedToken {
        // Nothing else can be a token, nor stand in a header.
        guard !token.isEmpty, token.utf8.count <= 65536, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidToken
        }
        let question = Question(token: TokenDigest(of: token), allowsExpired: allowsExpired)
        if let known = try remembered(question) { return known }
        let valid = try await validations.run(question) { [self] () throws(IdentityError) in
            // Whoever was here a moment ago may have left the answer.
            if let known = try remembered(question) { return known }
            if let known = await rememberedByOthers(question.token) { return known }
            return try await ask(token, question)
        }
        return try accept(valid, allowsExpired)
    }

    private func accept(_ valid: ValidatedToken, _ allowsExpired: Bool) throws(IdentityError) -> ValidatedToken {
        guard allowsExpired || valid.context.expiresAt > Timestamp.now.secondsSince1970 else { throw .invalidToken }
        return valid
    }

    private func remembered(_ question: Question) throws(IdentityError) -> ValidatedToken? {
        let (valid, isRefused) = caches.withLock { caches in
            let now = ContinuousClock.now
            let valid = caches.valid.value(for: question.token, at: now)
            return (valid, valid == nil && caches.refused.value(for: question, at: now) != nil)
        }
        if isRefused { throw .invalidToken }
        return try valid.map { valid throws(IdentityError) in try accept(valid, question.allowsExpired) }
    }

    private func rememberedByOthers(_ token: TokenDigest) async -> ValidatedToken? {
        guard let verdict = await shared?.verdict(on: token), verdict.age < settings.cacheTime,
            let valid = try? ValidatedToken(answer: verdict.answer)
        else { return nil }
        remember(valid, token, seconds: settings.cacheTime - verdict.age)
        return valid
    }

    private func remember(_ valid: ValidatedToken, _ token: TokenDigest, seconds: Int) {
        caches.withLock { $0.valid.insert(valid, for: token, until: .now + .seconds(seconds)) }
    }

    private func ask(_ token: String, _ question: Question) async throws(IdentityError) -> ValidatedToken {
        var query: [String] = []
        if !settings.includesCatalog { query.append("nocatalog") }
        if question.allowsExpired { query.append("allow_expired=1") }
        let answer = try await session.get(
            "/auth/tokens" + (query.isEmpty ? "" : "?" + query.joined(separator: "&")),
            headers: [("X-Subject-Token", token), ("OpenStack-Identity-Access-Rules", "1.0")])
        switch answer.status {
        case 200:
            let valid: ValidatedToken
            do {
                valid = try ValidatedToken(answer: .parse(answer.body))
            } catch let error as TokenAnswer.Impossible {
                throw unavailable("Keystone's answer about a token cannot be used: \(error)")
            } catch {
                throw unavailable("Keystone's answer about a token cannot be read")
            }
            if settings.cacheTime > 0 {
                remember(valid, question.token, seconds: settings.cacheTime)
                shared?.store(answer.body, on: question.token, lifetime: settings.cacheTime)
            }
            return valid
        // But for 404: Keystone, or a server in front of it, takes no header as long as that. The client's doing.
        case 404, 400, 413, 431:
            if settings.cacheTime > 0 {
                let end = ContinuousClock.now + .seconds(min(Self.refusalTime, settings.cacheTime))
                caches.withLock { $0.refused.insert((), for: question, until: end) }
            }
            throw .invalidToken
        case 401, 403:
            throw unavailable("Keystone doesn't let the service's user validate tokens (\(answer.status))")
        default:
            throw unavailable("Keystone answered \(answer.status) when asked about a token")
        }
    }

    private func unavailable(_ reason: String) -> IdentityError {
        logger.error("\(reason)")
        return .unavailable(reason)
    }
}
