import TextCoding

/// What Keystone says about a token, without the catalog.
///
/// Source: Identity API v3, "Validate and show information for token".
struct TokenAnswer: Decodable {
    var token: Token

    struct Token: Decodable {
        var user: Reference
        var project: Reference?
        var domain: Reference?
        var system: [String: Bool]?
        var roles: [Role]?
        var isAdminProject: Bool?
        var expiresAt: String
        var applicationCredential: ApplicationCredential?

        private enum CodingKeys: String, CodingKey {
            case user, project, domain, system, roles
            case isAdminProject = "is_admin_project"
            case expiresAt = "expires_at"
            case applicationCredential = "application_credential"
        }
    }

    struct Reference: Decodable {
        var id: String
        var name: String?
        var domain: Domain?
    }

    struct Domain: Decodable {
        var id: String?
        var name: String?
    }

    struct Role: Decodable {
        var name: String
    }

    struct ApplicationCredential: Decodable {
        var accessRules: [AccessRule]?

        private enum CodingKeys: String, CodingKey { case accessRules = "access_rules" }
    }

    /// End of the token's life, seconds since 1970.
    ///
    /// - Throws: `DecodingError` when Keystone's text is no time.
    func expiry() throws -> Int64 {
        guard let time = Timestamp(token.expiresAt) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "expires_at is no time"))
        }
        return time.secondsSince1970
    }

    /// What no Keystone says, because its own database cannot hold it: an id or a name with NUL, or with more than 255
    /// characters. Ours could not either, and it would break requests in the middle.
    struct Impossible: Error, CustomStringConvertible {
        /// Where it stands, `token.user.id`.
        var field: String
        var description: String { "\(field) has a NUL or more than \(TokenAnswer.longestText) characters" }
    }

    private static let longestText = 255

    /// - Throws: ``Impossible`` for the first text that cannot be.
    func check() throws(Impossible) {
        var texts: [(field: String, text: String?)] = [
            ("token.user.id", token.user.id), ("token.user.name", token.user.name),
            ("token.user.domain.id", token.user.domain?.id), ("token.user.domain.name", token.user.domain?.name),
            ("token.project.id", token.project?.id), ("token.project.name", token.project?.name),
            ("token.project.domain.id", token.project?.domain?.id),
            ("token.project.domain.name", token.project?.domain?.name),
            ("token.domain.id", token.domain?.id), ("token.domain.name", token.domain?.name),
        ]
        texts += (token.roles ?? []).map { ("token.roles.name", $0.name) }
        for (field, text) in texts {
            guard let scalars = text?.unicodeScalars else { continue }
            if scalars.count > Self.longestText || scalars.contains("\0") { throw Impossible(field: field) }
        }
    }
}
