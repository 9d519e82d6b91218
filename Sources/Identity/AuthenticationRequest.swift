import JSON

/// Body of `POST /v3/auth/tokens`.
///
/// Source: Identity API v3, "Authentication and token management".
struct AuthenticationRequest {
    let json: JSONValue

    init(_ settings: KeystoneSettings) {
        var auth: [String: JSONValue] = ["identity": Self.identity(settings.credentials)]
        auth["scope"] = Self.scope(settings.scope)
        json = ["auth": .object(auth)]
    }

    private static func identity(_ credentials: KeystoneSettings.Credentials) -> JSONValue {
        switch credentials {
        case .password(let user, let password):
            var members = self.user(user)
            members["password"] = .string(password)
            return ["methods": ["password"], "password": ["user": .object(members)]]
        case .applicationCredential(let id, let secret):
            return [
                "methods": ["application_credential"],
                "application_credential": ["id": .string(id), "secret": .string(secret)],
            ]
        case .namedApplicationCredential(let name, let user, let secret):
            return [
                "methods": ["application_credential"],
                "application_credential": [
                    "name": .string(name), "user": .object(self.user(user)), "secret": .string(secret),
                ],
            ]
        }
    }

    private static func user(_ user: KeystoneSettings.User) -> [String: JSONValue] {
        switch user {
        case .id(let id): ["id": .string(id)]
        case .name(let name, let domain): ["name": .string(name), "domain": self.domain(domain)]
        }
    }

    private static func domain(_ domain: KeystoneSettings.Domain) -> JSONValue {
        switch domain {
        case .id(let id): ["id": .string(id)]
        case .name(let name): ["name": .string(name)]
        }
    }

    private static func scope(_ scope: KeystoneSettings.Scope) -> JSONValue? {
        switch scope {
        case .implied: nil
        case .projectID(let id): ["project": ["id": .string(id)]]
        case .project(let name, let domain): ["project": ["name": .string(name), "domain": self.domain(domain)]]
        case .domain(let domain): ["domain": self.domain(domain)]
        case .system: ["system": ["all": true]]
        case .trust(let id): ["OS-TRUST:trust": ["id": .string(id)]]
        }
    }
}
