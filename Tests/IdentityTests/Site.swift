import Logging
import NIOPosix
import TestSupport

@testable import Identity

/// The servers of a suite as a test uses them.
struct Site {
    let keystone: SupportServer
    let memcached: SupportServer
    let url: String
    let password: String
    let tokens: Keystone

    init() throws {
        let servers = try KeystoneServers.current
        keystone = servers.keystone
        memcached = servers.memcached
        url = try keystone.setting("KEYSTONE_URL")
        password = try keystone.setting("KEYSTONE_PASSWORD")
        tokens = Keystone(url: url, password: password)
    }

    var port: Int {
        get throws {
            guard let port = url.split(separator: ":").last.flatMap({ Int($0) }) else {
                throw TestFailure("port of \(url)")
            }
            return port
        }
    }

    /// The service's user as the install guide makes it. Through `proxy`, it asks for an interface that the catalog
    /// doesn't list, so that everything goes where auth_url points.
    func settings(through proxy: Proxy? = nil) -> KeystoneSettings {
        var settings = KeystoneSettings(
            authURL: proxy.map { "http://127.0.0.1:\($0.port)/v3" } ?? url,
            credentials: .password(.name("glance", .name("Default")), password: password),
            scope: .project("service", .name("Default")))
        if proxy != nil { settings.interfaces = ["none"] }
        settings.maxRetries = 1
        return settings
    }

    func memcachedSettings(_ protection: CacheProtection = .none) throws -> MemcachedSettings {
        MemcachedSettings(
            servers: [try MemcachedSettings.Server(memcached.setting("MEMCACHED_SERVERS"))], protection: protection,
            deadRetry: 1)
    }

    /// An administrator's client.
    func admin() async throws -> ImageClient {
        ImageClient(url: url, token: try await tokens.token("admin", project: "admin"))
    }

    /// Runs `body` with an authenticator that ends afterwards.
    @discardableResult
    func withAuthenticator<Result>(
        _ keystone: KeystoneSettings? = nil, tokens: TokenSettings? = nil,
        _ body: (TokenAuthenticator) async throws -> Result
    ) async throws -> Result {
        let authenticator = try TokenAuthenticator(
            keystone: keystone ?? settings(), tokens: tokens ?? TokenSettings(publicURL: url),
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test"))
        do {
            let result = try await body(authenticator)
            await authenticator.shutdown()
            return result
        } catch {
            await authenticator.shutdown()
            throw error
        }
    }
}
