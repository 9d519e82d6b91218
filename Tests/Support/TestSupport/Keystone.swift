/// The tests' Keystone, asked for tokens.
public struct Keystone: Sendable {
    public let url: String
    public let password: String

    public init(url: String, password: String) {
        self.url = url
        self.password = password
    }

    /// `[keystone_authtoken]` of a service that asks it, as the user glance.
    public func options(memcached: String) -> [String: String] {
        [
            "www_authenticate_uri": url, "auth_url": url, "memcached_servers": memcached, "auth_type": "password",
            "project_domain_name": "Default", "user_domain_name": "Default", "project_name": "service",
            "username": "glance", "password": password,
        ]
    }

    /// A token of a user in a project, both of the domain `Default`.
    public func token(_ user: String, project: String) async throws -> String {
        let answer = try await ImageClient(url: url).request(
            "POST", "/v3/auth/tokens",
            json: [
                "auth": [
                    "identity": [
                        "methods": ["password"],
                        "password": [
                            "user": [
                                "name": .string(user), "domain": ["id": "default"], "password": .string(password),
                            ]
                        ],
                    ],
                    "scope": ["project": ["name": .string(project), "domain": ["id": "default"]]],
                ]
            ])
        guard answer.status == 201, let token = answer.header("X-Subject-Token") else {
            throw TestFailure("no token for \(user): \(answer.status) \(answer.text)")
        }
        return token
    }
}
