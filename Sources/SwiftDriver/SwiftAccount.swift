import Identity
import ImageStore

/// As whom, and where, one logs in: a section of `swift_store_config_file`, or what the options `swift_store_user`,
/// `swift_store_key` and `swift_store_auth_address` say.
struct SwiftAccount: Sendable, Equatable {
    enum Version: Sendable, Equatable {
        /// Swift's own, as TempAuth and Ceph's gateway have it.
        case v1
        /// Keystone.
        case v3
    }

    enum Credentials: Sendable, Equatable {
        /// For version 3 the user is `project:user`.
        case password(user: String, key: String)
        case applicationCredential(id: String, secret: String)
    }

    /// `http://…` or `https://…`.
    var address: String
    var version: Version = .v3
    var credentials: Credentials
    var projectDomain = KeystoneSettings.Domain.id("default")
    var userDomain = KeystoneSettings.Domain.id("default")

    /// The user of a password.
    var user: String? {
        if case .password(let user, _) = credentials { user } else { nil }
    }

    /// The address as locations have it: without scheme, and without slashes around it.
    var place: String { Self.place(ofAddress: address) }

    static func place(ofAddress address: String) -> String {
        let rest = address.firstRange(of: "://").map { address[$0.upperBound...] } ?? address[...]
        return String(rest.trimming { $0 == "/" })
    }

    /// As whom one asks Keystone.
    ///
    /// - Throws: ``StoreError/badLocation(_:)`` when the user is not `project:user`.
    func keystone(trust: String? = nil) throws(StoreError) -> KeystoneSettings {
        switch credentials {
        case .applicationCredential(let id, let secret):
            return KeystoneSettings(
                authURL: address, credentials: .applicationCredential(id: id, secret: secret), scope: .implied)
        case .password(let user, let key):
            let parts = user.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
                throw .badLocation("the user of a Swift account is not of the form project:user")
            }
            return KeystoneSettings(
                authURL: address, credentials: .password(.name(String(parts[1]), userDomain), password: key),
                scope: trust.map { .trust($0) } ?? .project(String(parts[0]), projectDomain))
        }
    }
}

extension StringProtocol {
    /// Without the characters at both ends that `isCut` names.
    func trimming(_ isCut: (Character) -> Bool) -> SubSequence {
        guard let first = firstIndex(where: { !isCut($0) }), let last = lastIndex(where: { !isCut($0) }) else {
            return self[endIndex...]
        }
        return self[first...last]
    }
}
