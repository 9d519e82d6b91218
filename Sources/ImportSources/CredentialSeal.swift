import Cryptography
import JSON
public import OsloConfig
import TextCoding

/// Keeps a user's token from whoever can read the database while a job waits there: it is sealed with a key that is made of
/// the service's own secret in Keystone, which all nodes have and the database has not.
public struct CredentialSeal: Sendable {
    private let key: [UInt8]

    /// Nil where the service has no secret in `[keystone_authtoken]`: there are no users' tokens either.
    public init?(_ configuration: Configuration) {
        typealias Authtoken = Options.KeystoneAuthtoken
        guard
            let secret = [configuration[Authtoken.password], configuration[Authtoken.applicationCredentialSecret]]
                .compactMap({ $0 }).first(where: { !$0.isEmpty })
        else { return nil }
        self.init(secret: secret)
    }

    init(secret: String) {
        key = MessageAuthentication.code(Array("glance job credentials 1".utf8), key: Array(secret.utf8))
    }

    /// Text for the database; nil when libcrypto fails.
    ///
    /// - Parameter job: id; what is sealed for one job is no good for another.
    public func seal(_ credentials: JobCredentials, job: String) -> String? {
        var members: [String: JSONValue] = ["token": .string(credentials.token)]
        members["catalog"] = credentials.catalog.map { .string($0) }
        let text = Array(JSONWriter.text(of: .object(members)).utf8)
        return AuthenticatedEncryption.seal(text, key: key, context: Array(job.utf8)).map { Base64.encode($0) }
    }

    /// Nil for what was not sealed for this job, or with another secret.
    public func open(_ text: String, job: String) -> JobCredentials? {
        guard let sealed = Base64.decode(text),
            let plain = AuthenticatedEncryption.open(sealed, key: key, context: Array(job.utf8)),
            let document = try? JSONValue.parse(plain), let token = document["token"]?.stringValue
        else { return nil }
        return JobCredentials(token: token, catalog: document["catalog"]?.stringValue)
    }
}
