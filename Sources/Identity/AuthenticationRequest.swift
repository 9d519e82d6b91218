/// Body of `POST /v3/auth/tokens`.
///
/// Source: Identity API v3, "Authentication and token management".
struct AuthenticationRequest: Encodable {
    private let auth: Auth

    init(_ settings: KeystoneSettings) {
        auth = Auth(identity: Identity(settings.credentials), scope: Scope(settings.scope))
    }

    private struct Auth: Encodable {
        var identity: Identity
        var scope: Scope?
    }

    private struct Identity: Encodable {
        var methods: [String]
        var password: Password?
        var applicationCredential: ApplicationCredential?

        private enum CodingKeys: String, CodingKey {
            case methods, password
            case applicationCredential = "application_credential"
        }

        init(_ credentials: KeystoneSettings.Credentials) {
            switch credentials {
            case .password(let user, let password):
                methods = ["password"]
                self.password = Password(user: User(user, password: password))
            case .applicationCredential(let id, let secret):
                methods = ["application_credential"]
                applicationCredential = ApplicationCredential(id: id, secret: secret)
            case .namedApplicationCredential(let name, let user, let secret):
                methods = ["application_credential"]
                applicationCredential = ApplicationCredential(name: name, user: User(user), secret: secret)
            }
        }
    }

    private struct Password: Encodable {
        var user: User
    }

    private struct ApplicationCredential: Encodable {
        var id: String?
        var name: String?
        var user: User?
        var secret: String
    }

    private struct User: Encodable {
        var id: String?
        var name: String?
        var domain: Reference?
        var password: String?

        init(_ user: KeystoneSettings.User, password: String? = nil) {
            switch user {
            case .id(let id): self.id = id
            case .name(let name, let domain):
                self.name = name
                self.domain = Reference(domain)
            }
            self.password = password
        }
    }

    private struct Reference: Encodable {
        var id: String?
        var name: String?
        var domain: [String: String]?

        init(id: String) { self.id = id }

        init(_ domain: KeystoneSettings.Domain) {
            switch domain {
            case .id(let id): self.id = id
            case .name(let name): self.name = name
            }
        }

        init(project: String, _ domain: KeystoneSettings.Domain) {
            name = project
            self.domain =
                switch domain {
                case .id(let id): ["id": id]
                case .name(let name): ["name": name]
                }
        }
    }

    private struct Scope: Encodable {
        var project: Reference?
        var domain: Reference?
        var system: [String: Bool]?
        var trust: Reference?

        private enum CodingKeys: String, CodingKey {
            case project, domain, system
            case trust = "OS-TRUST:trust"
        }

        init?(_ scope: KeystoneSettings.Scope) {
            switch scope {
            case .implied: return nil
            case .projectID(let id): project = Reference(id: id)
            case .project(let name, let domain): project = Reference(project: name, domain)
            case .domain(let domain): self.domain = Reference(domain)
            case .system: system = ["all": true]
            case .trust(let id): trust = Reference(id: id)
            }
        }
    }
}
