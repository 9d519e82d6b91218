import ImageStore
import Logging
import NIOCore
import NIOPosix
import OutgoingHTTP
import Synchronization

/// What a store keeps open: its connections, and a session for each account.
final class SwiftConnections: Sendable {
    private struct Clients {
        var control: OutgoingHTTPClient
        var data: OutgoingHTTPClient
    }

    private struct State {
        var clients: Clients?
        var sessions: [(account: SwiftAccount, session: any SwiftSession)] = []
    }

    /// Sessions of accounts that locations name; more push out the oldest.
    private static let sessionLimit = 16

    private let settings: SwiftSettings
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger
    private let state = Mutex(State())

    init(_ settings: SwiftSettings, eventLoopGroup: (any EventLoopGroup)?, logger: Logger) {
        self.settings = settings
        self.eventLoopGroup = eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
        self.logger = logger
    }

    /// Reads the certificates that the options name.
    func prepare() async throws(StoreError) { _ = try await clients() }

    private func clients() async throws(StoreError) -> Clients {
        if let clients = state.withLock({ $0.clients }) { return clients }
        let settings = settings.tls
        let tls = try await BlockingPool().run { () throws(StoreError) in
            do throws(OutgoingHTTPError) {
                return try LoadedTLS(settings)
            } catch {
                throw .badConfiguration("swift_store_cacert: \(error)")
            }
        }
        return state.withLock { state in
            if let clients = state.clients { return clients }
            var control = OutgoingHTTPSettings()
            control.connectionsPerServer = 64
            var data = OutgoingHTTPSettings()
            // As many as there are transfers; their number is bounded elsewhere.
            data.connectionsPerServer = 10_000
            let clients = Clients(
                control: OutgoingHTTPClient(control, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger),
                data: OutgoingHTTPClient(data, tls: tls, eventLoopGroup: eventLoopGroup, logger: logger))
            state.clients = clients
            return clients
        }
    }

    /// A client for an account that one logs in to.
    func client(for account: SwiftAccount, requestID: String?) async throws(StoreError) -> SwiftClient {
        try await client(try await session(for: account), requestID: requestID)
    }

    func client(_ session: any SwiftSession, requestID: String?) async throws(StoreError) -> SwiftClient {
        let clients = try await clients()
        return SwiftClient(control: clients.control, data: clients.data, session: session, requestID: requestID)
    }

    func session(for account: SwiftAccount) async throws(StoreError) -> any SwiftSession {
        if let session = state.withLock({ $0.sessions.first { $0.account == account }?.session }) { return session }
        let session: any SwiftSession =
            switch account.version {
            case .v1: TempAuthSession(account, settings, http: try await clients().control)
            case .v3:
                try KeystoneAccountSession(
                    account, settings, endpoint: AccountEndpoint(settings), eventLoopGroup: eventLoopGroup,
                    logger: logger)
            }
        let (kept, dropped) = state.withLock { state -> (any SwiftSession, (any SwiftSession)?) in
            if let other = state.sessions.first(where: { $0.account == account })?.session { return (other, session) }
            state.sessions.append((account, session))
            return (session, state.sessions.count > Self.sessionLimit ? state.sessions.removeFirst().session : nil)
        }
        // Its requests that are under way end with what they hold of it.
        _ = dropped
        return kept
    }

    /// A session by a new trust of a user, for its account.
    func trust(
        of user: StoreContext.User, _ account: SwiftAccount, storageURL: String
    ) async throws(StoreError) -> TrustSession {
        guard let own = try await session(for: account) as? KeystoneAccountSession else {
            throw .badConfiguration("trusts need Keystone")
        }
        let http = try await clients().control
        let trust = try await KeystoneTrust.make(for: user, trustee: own.userID(), at: account.address, by: http)
        return try await session(by: trust, account, storageURL: storageURL)
    }

    /// A session by a trust that there is, for the account of who has made it.
    func session(
        by trust: KeystoneTrust, _ account: SwiftAccount, storageURL: String
    ) async throws(StoreError) -> TrustSession {
        var endpoint = AccountEndpoint(settings)
        endpoint.url = storageURL
        let session = try KeystoneAccountSession(
            account, settings, trust: trust.id, endpoint: endpoint, eventLoopGroup: eventLoopGroup, logger: logger)
        return TrustSession(trust, session, http: try await clients().control)
    }

    func shutdown() async {
        let (clients, sessions) = state.withLock { state in
            defer { state.sessions = [] }
            return (state.clients, state.sessions)
        }
        for (_, session) in sessions { await session.shutdown() }
        await clients?.control.shutdown()
        await clients?.data.shutdown()
    }
}
