import ImageStore

/// Where an account is, and a token for it.
struct SwiftAccess: Sendable {
    /// URL of the account, without a slash at its end.
    var storageURL: String
    /// Never logged.
    var token: String
    /// Which of the session's tokens it is.
    var generation = 0
}

/// What gives tokens for an account, as long as they are wanted.
protocol SwiftSession: Sendable {
    /// A token that does not end soon.
    func access() async throws(StoreError) -> SwiftAccess
    /// Swift has refused a token.
    ///
    /// - Returns: whether another one can be had.
    func forget(_ refused: SwiftAccess) async -> Bool
    func shutdown() async
}

extension SwiftSession {
    func shutdown() async {}
}

/// A user's own token: there is no other one when it ends.
struct UserSession: SwiftSession {
    let storageURL: String
    let token: String

    func access() async throws(StoreError) -> SwiftAccess { SwiftAccess(storageURL: storageURL, token: token) }
    func forget(_ refused: SwiftAccess) async -> Bool { false }
}
