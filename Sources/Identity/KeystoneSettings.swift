public import OutgoingHTTP

/// How to reach Keystone and as whom.
///
/// Source: keystoneauth's `password` and `v3applicationcredential` plugins; Identity API v3, "Authentication and token
/// management".
public struct KeystoneSettings: Sendable, Equatable {
    /// With or without `/v3`, without a slash at the end.
    public var authURL: String
    public var credentials: Credentials
    public var scope: Scope
    /// Which of Keystone's endpoints in the catalog to use, the first that it lists: `internal`, `public`, `admin`.
    public var interfaces = ["internal"]
    public var regionName: String?
    /// Keystone's service in the catalog.
    public var serviceType = "identity"
    /// Of the service in the catalog, where the type alone does not tell.
    public var serviceName: String?
    /// Where to ask, instead of what the catalog says.
    public var endpointOverride: String?
    public var tls = TLSSettings()
    /// Seconds for a connection and for a whole exchange; nil leaves both to defaults that end some day.
    public var timeout: Int?
    /// Seconds before its end at which the session's own token is replaced; nil is a tenth of its life, half a minute at
    /// most.
    public var renewalMargin: Int?
    /// How often a connection that failed is tried again.
    public var maxRetries = 3
    /// How long before that at first; doubles each time, up to a second or this.
    public var retryDelay: Duration = .milliseconds(100)
    public var statusRetries = StatusRetries()
    /// The section that all this comes from, for messages.
    public var section = "keystone_authtoken"

    /// Requests that are sent again because of the status of their answer.
    public struct StatusRetries: Sendable, Equatable {
        public var count = 0
        public var delay: Duration = .milliseconds(500)
        public var statuses: Set<Int> = [503]

        public init() {}
    }

    public enum Credentials: Sendable, Equatable {
        case password(User, password: String)
        case applicationCredential(id: String, secret: String)
        case namedApplicationCredential(name: String, User, secret: String)
    }

    public enum User: Sendable, Equatable {
        case id(String)
        case name(String, Domain)
    }

    public enum Domain: Sendable, Equatable {
        case id(String)
        case name(String)
    }

    public enum Scope: Sendable, Equatable {
        /// What the credentials imply.
        case implied
        case projectID(String)
        case project(String, Domain)
        case domain(Domain)
        case system
        case trust(String)
    }

    public init(authURL: String, credentials: Credentials, scope: Scope) {
        self.authURL = authURL
        self.credentials = credentials
        self.scope = scope
    }
}
