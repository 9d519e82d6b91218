/// Who sends a request, as Keystone's token says (Identity API v3, "Validate token").
public struct AuthContext: Sendable, Equatable {
    public var userID: String
    public var userName: String?
    public var userDomainID: String?
    public var userDomainName: String?
    public var projectID: String?
    public var projectName: String?
    public var projectDomainID: String?
    public var projectDomainName: String?
    public var domainID: String?
    /// `all` for a system-scoped token.
    public var systemScope: String?
    /// Role names, lower-cased.
    public var roles: [String]
    public var isAdminProject: Bool
    /// End of the token's life, seconds since 1970.
    public var expiresAt: Int64
    /// Catalog as Keystone sent it (JSON array text); nil when not asked for.
    public var serviceCatalog: String?
    /// Facts of a valid service token; `roles` are lower-cased.
    public var service: ServiceToken?

    public struct ServiceToken: Sendable, Equatable {
        public var userID: String
        public var userDomainID: String?
        public var projectID: String?
        public var projectDomainID: String?
        public var roles: [String]

        public init(
            userID: String, userDomainID: String?, projectID: String?, projectDomainID: String?, roles: [String]
        ) {
            self.userID = userID
            self.userDomainID = userDomainID
            self.projectID = projectID
            self.projectDomainID = projectDomainID
            self.roles = roles
        }
    }

    public init(userID: String, projectID: String?, roles: [String], expiresAt: Int64 = .max) {
        self.userID = userID
        self.projectID = projectID
        self.roles = roles
        self.expiresAt = expiresAt
        self.isAdminProject = true
    }
}
