/// Somebody who sets limits in the tests' Keystone, which was started with `GLANCE_URL`.
public struct KeystoneAdministrator: Sendable {
    public let keystone: Keystone
    public let client: ImageClient
    /// Of the image service.
    public let serviceID: String
    /// Of its public endpoint.
    public let endpointID: String

    /// - Throws: `TestFailure` when the catalog has no image service; errors of the connection.
    public init(_ server: SupportServer) async throws {
        keystone = try Keystone(server)
        client = ImageClient(url: keystone.url, token: try await keystone.token("admin", project: "admin"))
        guard
            let service = try await client.expect(200, "GET", "/v3/services?type=image").json["services"].array.first,
            let serviceID = service["id"].string,
            let endpoint = try await client.expect(
                200, "GET", "/v3/endpoints?service_id=\(serviceID)&interface=public"
            ).json["endpoints"].array.first, let endpointID = endpoint["id"].string
        else { throw TestFailure("no image service in Keystone's catalog") }
        self.serviceID = serviceID
        self.endpointID = endpointID
    }

    /// `[oslo_limit]` as the install guide has it.
    public func osloLimit(refreshInterval: Int = 1) -> String {
        """
        [oslo_limit]
        auth_url = \(keystone.url)
        auth_type = password
        user_domain_id = default
        username = glance
        system_scope = all
        password = \(keystone.password)
        endpoint_id = \(endpointID)
        region_name = RegionOne
        refresh_interval = \(refreshInterval)

        """
    }

    /// Registers limits; the value's id comes back for changes.
    @discardableResult
    public func register(_ limits: [String: Int]) async throws -> [String: String] {
        let wanted = limits.map { name, value in
            JSON.object([
                "service_id": .string(serviceID), "region_id": "RegionOne", "resource_name": .string(name),
                "default_limit": .number(Double(value)),
            ])
        }
        let answer = try await client.expect(
            201, "POST", "/v3/registered_limits", json: ["registered_limits": .array(wanted)])
        var ids: [String: String] = [:]
        for limit in answer.json["registered_limits"].array {
            if let name = limit["resource_name"].string { ids[name] = limit["id"].string }
        }
        return ids
    }

    /// A registered limit's new value.
    public func changeRegistered(_ id: String, to value: Int) async throws {
        try await client.expect(
            200, "PATCH", "/v3/registered_limits/\(id)",
            json: ["registered_limit": ["default_limit": .number(Double(value))]])
    }

    /// A limit of a project or a domain.
    ///
    /// - Parameter owner: `project_id` or `domain_id`, and its value.
    public func limit(_ owner: (key: String, id: String), _ name: String, to value: Int) async throws {
        try await client.expect(
            201, "POST", "/v3/limits",
            json: [
                "limits": [
                    .object([
                        "service_id": .string(serviceID), "region_id": "RegionOne", "resource_name": .string(name),
                        "resource_limit": .number(Double(value)), owner.key: .string(owner.id),
                    ])
                ]
            ])
    }
}
