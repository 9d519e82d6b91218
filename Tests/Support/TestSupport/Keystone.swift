/// The tests' Keystone, asked for tokens.
public struct Keystone: Sendable {
    public let url: String
    public let password: String

    public init(url: String, password: String) {
        self.url = url
        self.password = password
    }

    /// `[keystone_authtoken]` of a service that asks it, as the user glance.
    ///
    /// - Parameter memcached: `host:port`; tokens are kept in the service's own memory when nil.
    public func options(memcached: String? = nil) -> [String: String] {
        var options = [
            "www_authenticate_uri": url, "auth_url": url, "auth_type": "password", "project_domain_name": "Default",
            "user_domain_name": "Default", "project_name": "service", "username": "glance", "password": password,
        ]
        options["memcached_servers"] = memcached
        return options
    }

    /// From what the starter says.
    public init(_ server: SupportServer) throws {
        self.init(url: try server.setting("KEYSTONE_URL"), password: try server.setting("KEYSTONE_PASSWORD"))
    }

    /// A token of a user in a project, both of the domain `Default`.
    public func token(_ user: String, project: String) async throws -> String {
        try await authenticate(user, project: project).token
    }

    /// A token of a user for the whole system.
    public func systemToken(_ user: String) async throws -> String {
        try await issue(user, scope: ["system": ["all": true]]).token
    }

    /// A token, and the project's id.
    public func authenticate(_ user: String, project: String) async throws -> (token: String, projectID: String) {
        let scope: JSON = ["project": ["name": .string(project), "domain": ["id": "default"]]]
        let (token, facts) = try await issue(user, scope: scope)
        guard let projectID = facts["project"]["id"].string else { throw TestFailure("no project in \(facts)") }
        return (token, projectID)
    }

    /// Adds an image service to the catalog, in a region that there is or in one of its own.
    public func register(imageService url: String, region: String) async throws {
        let token = try await token("admin", project: "admin")
        let client = ImageClient(url: self.url, token: token)
        let known = try await client.expect(200, "GET", "/v3/regions").json["regions"].array.map { $0["id"].string }
        if !known.contains(region) {
            try await client.expect(201, "POST", "/v3/regions", json: ["region": ["id": .string(region)]])
        }
        let service = try await client.expect(
            201, "POST", "/v3/services", json: ["service": ["name": "glance", "type": "image"]]
        ).json["service"]["id"]
        for interface in ["public", "internal"] {
            try await client.expect(
                201, "POST", "/v3/endpoints",
                json: [
                    "endpoint": [
                        "url": .string(url), "interface": .string(interface), "service_id": service,
                        "region_id": .string(region),
                    ]
                ])
        }
    }

    /// A token, and what Keystone says about it.
    private func issue(_ user: String, scope: JSON) async throws -> (token: String, facts: JSON) {
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
                    "scope": scope,
                ]
            ])
        guard answer.status == 201, let token = answer.header("X-Subject-Token") else {
            throw TestFailure("no token for \(user): \(answer.status) \(answer.text)")
        }
        return (token, answer.json["token"])
    }
}
