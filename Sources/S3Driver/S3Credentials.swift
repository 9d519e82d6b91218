/// What requests are signed with. Never logged.
struct S3Credentials: Sendable, Equatable {
    var accessKey: String
    var secretKey: String
    /// Of temporary credentials.
    var sessionToken: String?

    init(accessKey: String, secretKey: String, sessionToken: String? = nil) {
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
    }
}
