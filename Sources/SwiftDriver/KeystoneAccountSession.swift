import Identity
import ImageStore
import Logging
import NIOCore
import Synchronization

/// Tokens of Keystone for the account of a project.
final class KeystoneAccountSession: SwiftSession {
    private let keystone: KeystoneSession
    private let endpoint: AccountEndpoint
    /// Those that are in use, to tell Keystone's session which one was refused.
    private let latest = Mutex((number: 0, access: KeystoneSession.Access?.none))

    init(
        _ account: SwiftAccount, _ settings: SwiftSettings, trust: String? = nil, endpoint: AccountEndpoint,
        eventLoopGroup: any EventLoopGroup, logger: Logger
    ) throws(StoreError) {
        var options = try account.keystone(trust: trust)
        options.tls = settings.tls
        options.renewalMargin = settings.renewalMargin
        self.endpoint = endpoint
        do throws(IdentityError) {
            keystone = try KeystoneSession(settings: options, eventLoopGroup: eventLoopGroup, logger: logger)
        } catch {
            throw .badConfiguration("swift_store_cacert: \(error)")
        }
    }

    func access() async throws(StoreError) -> SwiftAccess {
        let access: KeystoneSession.Access
        do throws(IdentityError) {
            access = try await keystone.access()
        } catch {
            throw .backend("\(error)")
        }
        guard let url = endpoint.url(in: access.catalog) else {
            throw .backend("Keystone's catalog lists no endpoint of Swift as the store's options want it")
        }
        let number = latest.withLock { latest in
            if latest.access?.token != access.token { latest = (latest.number + 1, access) }
            return latest.number
        }
        return SwiftAccess(storageURL: url, token: access.token, generation: number)
    }

    func forget(_ refused: SwiftAccess) async -> Bool {
        let access = latest.withLock { $0.number == refused.generation ? $0.access : nil }
        if let access { keystone.forget(access) }
        return true
    }

    /// Id of the user who is logged in.
    func userID() async throws(StoreError) -> String {
        do throws(IdentityError) {
            return try await keystone.access().userID
        } catch {
            throw .backend("\(error)")
        }
    }

    func shutdown() async { await keystone.shutdown() }
}
