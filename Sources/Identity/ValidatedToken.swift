import JSON

/// A token that Keystone found valid.
final class ValidatedToken: Sendable {
    let context: AuthContext
    /// nil when the token may be used for everything.
    let accessRules: [AccessRule]?

    /// Reads an answer of Keystone.
    ///
    /// - Throws: an error of the decoder; ``TokenAnswer/Impossible`` when it says what Keystone cannot hold.
    init(answer: JSONValue) throws {
        let decoded = try answer.decode(TokenAnswer.self)
        try decoded.check()
        context = try AuthContext(decoded, catalog: answer["token"]?["catalog"])
        accessRules = decoded.token.applicationCredential?.accessRules
    }
}

extension AuthContext {
    fileprivate init(_ answer: TokenAnswer, catalog: JSONValue?) throws {
        let token = answer.token
        self.init(
            userID: token.user.id, projectID: token.project?.id,
            roles: (token.roles ?? []).map { $0.name.lowercased() }, expiresAt: try answer.expiry())
        userName = token.user.name
        userDomainID = token.user.domain?.id
        userDomainName = token.user.domain?.name
        projectName = token.project?.name
        projectDomainID = token.project?.domain?.id
        projectDomainName = token.project?.domain?.name
        domainID = token.domain?.id
        systemScope = token.system?["all"] == true ? "all" : nil
        isAdminProject = token.isAdminProject ?? true
        if let catalog, catalog != .null { serviceCatalog = JSONWriter.text(of: catalog) }
    }
}
