/// For whom a store works, and for how long what it is asked to do may be done.
public struct StoreContext: Sendable {
    /// The user of the request, for drivers that store with the user's own credentials.
    public struct User: Sendable {
        public var projectID: String?
        public var userID: String?
        /// Never logged.
        public var token: String
        /// The token's service catalog, JSON array text as Keystone sent it (Identity API v3).
        public var serviceCatalog: String?

        public init(projectID: String?, userID: String?, token: String, serviceCatalog: String?) {
            self.projectID = projectID
            self.userID = userID
            self.token = token
            self.serviceCatalog = serviceCatalog
        }
    }

    /// Nil where the service acts by itself.
    public var user: User?
    /// `X-OpenStack-Request-ID` of the request, handed on to the backend where it takes one.
    public var requestID: String?
    /// Until when the caller is sure to hold what it removes; nil where nobody else could come to hold it. The clock goes
    /// on while the machine sleeps.
    public var deadline: ContinuousClock.Instant?

    public init(user: User? = nil, requestID: String? = nil, deadline: ContinuousClock.Instant? = nil) {
        self.user = user
        self.requestID = requestID
        self.deadline = deadline
    }

    /// The service itself.
    public static let service = StoreContext()

    /// The last look before something is removed.
    ///
    /// - Throws: ``StoreError/tooLate`` when the deadline has passed.
    public func requireTime() throws(StoreError) {
        if let deadline, .now >= deadline { throw .tooLate }
    }
}
