public import Foundation

/// A real Barbican, which asks a real Keystone.
public struct Barbican: Sendable {
    public let server: SupportServer
    public let url: String
    /// Of the user demo, to whose project all secrets belong.
    public let token: String
    /// Of the user demo2.
    public let otherToken: String

    /// Stores a secret as `openstack secret store` does, and returns its id.
    public func store(_ payload: Data, as type: String) async throws -> String {
        let answer = try await ImageClient(url: url, token: token).request(
            "POST", "/v1/secrets",
            json: [
                "name": "test", "secret_type": .string(type), "payload": .string(payload.base64EncodedString()),
                "payload_content_type": "application/octet-stream", "payload_content_encoding": "base64",
            ])
        guard answer.status == 201, let id = answer.json["secret_ref"].string?.split(separator: "/").last else {
            throw TestFailure("no secret: \(answer.status) \(answer.text)")
        }
        return String(id)
    }

    /// Whether there is a secret with this id.
    public func has(_ id: String) async throws -> Bool {
        try await ImageClient(url: url, token: token).request("GET", "/v1/secrets/\(id)").status == 200
    }
}

/// Runs `body` with both servers.
public func withBarbican(_ body: @escaping @Sendable (Barbican) async throws -> Void) async throws {
    try await withServer("keystone") { @Sendable keystone in try await withBarbican(of: keystone, body) }
}

/// Runs `body` with a Barbican that asks this Keystone.
public func withBarbican(
    of keystone: SupportServer, _ body: @escaping @Sendable (Barbican) async throws -> Void
) async throws {
    let identity = try Keystone(keystone)
    try await withServer("barbican", keystone.settings) { @Sendable server in
        try await body(
            Barbican(
                server: server, url: try server.setting("BARBICAN_URL"),
                token: try await identity.token("demo", project: "demo"),
                otherToken: try await identity.token("demo2", project: "demo2")))
    }
}
