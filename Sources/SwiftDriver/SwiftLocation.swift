import ImageStore
import TextCoding

/// Where a location points to: an object in a container of an account, which a reference or an address names.
///
/// The forms are glance_store's: `swift+config://REFERENCE/CONTAINER/OBJECT`,
/// `swift+http://PROJECT%3AUSER:KEY@KEYSTONE/v3/CONTAINER/OBJECT` (`swift+https` and `swift` with TLS), and in multi-tenant
/// stores `swift+https://SWIFT/v1/ACCOUNT/CONTAINER/OBJECT`.
struct SwiftLocation: Sendable, Equatable {
    static let schemes: Set<String> = ["swift", "swift+http", "swift+https", "swift+config"]

    enum Account: Sendable, Equatable {
        /// A section of `swift_store_config_file`.
        case reference(String)
        /// Without scheme and without a slash at the end: Keystone's, or that of an account.
        case address(String, isSecure: Bool, Login?)
    }

    struct Login: Sendable, Equatable {
        var user: String
        var key: String
    }

    var account: Account
    var container: String
    var object: String

    init(account: Account, container: String, object: String) {
        self.account = account
        self.container = container
        self.object = object
    }

    /// - Throws: ``StoreError/badLocation(_:)``; its text has no part of the URL.
    init(url: String) throws(StoreError) {
        guard let separator = url.firstRange(of: "://"), url[separator.upperBound...].firstRange(of: "://") == nil
        else {
            throw Self.badForm
        }
        let scheme = url[..<separator.lowerBound].lowercased()
        guard Self.schemes.contains(scheme),
            !url.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") })
        else { throw Self.badForm }
        var parts = url[separator.upperBound...].split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 3, let object = parts.popLast(), let container = parts.popLast(),
            Self.isName(object), Self.isName(container)
        else { throw Self.badForm }
        self.container = String(container)
        self.object = String(object)
        if scheme == "swift+config" {
            guard parts.count == 1, let reference = parts.first, !reference.isEmpty else { throw Self.badForm }
            account = .reference(String(reference))
            return
        }
        var login: Login?
        if let at = parts[0].lastIndex(of: "@") {
            login = try Self.login(parts[0][..<at])
            parts[0] = parts[0][parts[0].index(after: at)...]
        }
        guard !parts[0].isEmpty, !parts.contains("..") else { throw Self.badForm }
        account = .address(parts.joined(separator: "/"), isSecure: scheme != "swift+http", login)
    }

    private static let badForm = StoreError.badLocation("the location is not of a form of Swift's")

    private static func isName(_ text: Substring) -> Bool { !text.isEmpty && text != "." && text != ".." }

    private static func login(_ text: Substring) throws(StoreError) -> Login {
        guard let colon = text.lastIndex(of: ":"),
            let user = PercentEncoding.decode(text[..<colon].utf8),
            let key = PercentEncoding.decode(text[text.index(after: colon)...].utf8), !user.isEmpty
        else { throw .badLocation("the credentials in the location are not of the form user:key") }
        return Login(user: user, key: key)
    }

    /// The location's URL. Holds credentials, where the account is named by them.
    var url: String {
        switch account {
        case .reference(let reference): return "swift+config://\(reference)/\(container)/\(object)"
        case .address(let place, let isSecure, let login):
            let credentials = login.map {
                "\(PercentEncoding.encode($0.user)):\(PercentEncoding.encode($0.key))@"
            }
            return "swift+http\(isSecure ? "s" : "")://\(credentials ?? "")\(place)/\(container)/\(object)"
        }
    }
}
