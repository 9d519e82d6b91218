import ImageStore
import OutgoingHTTP

/// Tokens by a user's trust, for an upload of that user.
final class TrustSession: SwiftSession {
    let trust: KeystoneTrust
    private let session: KeystoneAccountSession
    private let http: OutgoingHTTPClient

    init(_ trust: KeystoneTrust, _ session: KeystoneAccountSession, http: OutgoingHTTPClient) {
        self.trust = trust
        self.session = session
        self.http = http
    }

    func access() async throws(StoreError) -> SwiftAccess { try await session.access() }
    func forget(_ refused: SwiftAccess) async -> Bool { await session.forget(refused) }

    /// Takes the trust back; it ends by itself as well.
    func shutdown() async {
        let (trust, session, http) = (trust, session, http)
        await Task.detached {
            if let access = try? await session.access() { try? await trust.end(token: access.token, by: http) }
            await session.shutdown()
        }.value
    }
}
