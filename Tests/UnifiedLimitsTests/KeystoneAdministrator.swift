import TestSupport

/// Somebody who sets limits in the tests' Keystone.
struct KeystoneAdministrator: Sendable {
    let keystone: Keystone
    let client: ImageClient
    /// Of the image service.
    let serviceID: String
    /// Of its public endpoint.
    let endpointID: String

    init(_ server: SupportServer) async throws {
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
    func osloLimit(refreshInterval: Int = 1) -> String {
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
    func register(_ limits: [String: Int]) async throws -> [String: String] {
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

    func changeRegistered(_ id: String, to value: Int) async throws {
        try await client.expect(
            200, "PATCH", "/v3/registered_limits/\(id)",
            json: ["registered_limit": ["default_limit": .number(Double(value))]])
    }

    /// - Parameter owner: `project_id` or `domain_id`, and its value.
    func limit(_ owner: (key: String, id: String), _ name: String, to value: Int) async throws {
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
