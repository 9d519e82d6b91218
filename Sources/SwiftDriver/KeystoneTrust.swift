import Identity
import ImageStore
import JSON
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding

/// A trust: lets the service act for a user in one project while an upload takes longer than the user's token lives.
///
/// Source: Identity API v3, "OS-TRUST API".
struct KeystoneTrust: Sendable {
    let id: String
    /// Keystone's address, with `/v3`.
    private let address: String

    /// Seconds that a trust lasts that nobody takes back, because the process that has it was killed.
    static let longestLife: Int64 = 2 * 86400

    /// Makes a trust with all roles that the user's token has.
    ///
    /// - Parameter trustee: id of the service's user.
    static func make(
        for user: StoreContext.User, trustee: String, at address: String, by http: OutgoingHTTPClient
    ) async throws(StoreError) -> KeystoneTrust {
        let address = versioned(address)
        let token = try await ask(.GET, address + "/auth/tokens", token: user.token, by: http, expecting: 200)
        let roles = token["token"]?["roles"]?.arrayValue ?? []
        guard let trustor = user.userID ?? token["token"]?["user"]?["id"]?.stringValue,
            let project = user.projectID, !roles.isEmpty
        else { throw .permissionDenied("the user's token has no project") }
        let body: JSONValue = [
            "trust": [
                "trustee_user_id": .string(trustee), "trustor_user_id": .string(trustor),
                "project_id": .string(project), "impersonation": true,
                "roles": .array(roles.compactMap { role in role["id"].map { ["id": $0] } }),
                "expires_at": .string(Timestamp.now.advanced(bySeconds: longestLife).iso8601.dropLast() + ".000000Z"),
            ]
        ]
        let made = try await ask(
            .POST, address + "/OS-TRUST/trusts", token: user.token, body: body, by: http, expecting: 201)
        guard let id = made["trust"]?["id"]?.stringValue else {
            throw .backend("Keystone's answer about a trust cannot be read")
        }
        return KeystoneTrust(id: id, address: address)
    }

    /// A trust that was made before.
    ///
    /// - Parameter configured: Keystone's address as the options have it.
    init(id: String, configured address: String) { self.init(id: id, address: Self.versioned(address)) }

    private init(id: String, address: String) {
        self.id = id
        self.address = address
    }

    private static func versioned(_ address: String) -> String {
        var address = String(address.trimming { $0 == "/" })
        if address.hasSuffix("/v2.0") { address.removeLast(5) }
        if !address.hasSuffix("/v3") { address += "/v3" }
        return address
    }

    /// Takes it back.
    func end(token: String, by http: OutgoingHTTPClient) async throws(StoreError) {
        _ = try await Self.ask(
            .DELETE, "\(address)/OS-TRUST/trusts/\(PercentEncoding.encode(id))", token: token, by: http, expecting: 204)
    }

    private static func ask(
        _ method: HTTPMethod, _ url: String, token: String, body: JSONValue? = nil, by http: OutgoingHTTPClient,
        expecting status: UInt
    ) async throws(StoreError) -> JSONValue {
        var request = OutgoingRequest(method, url, headers: ["X-Auth-Token": token, "Accept": "application/json"])
        // The user's own.
        if method == .GET { request.headers.add(name: "X-Subject-Token", value: token) }
        if let body {
            request.headers.add(name: "Content-Type", value: "application/json")
            request.body = .bytes(ByteBuffer(string: JSONWriter.text(of: body)))
        }
        request.deadline = .seconds(60)
        let answer: OutgoingResponse
        let bytes: ByteBuffer
        do throws(OutgoingHTTPError) {
            answer = try await http.send(request, retries: .forSwift)
            bytes = try await answer.collect(upTo: 4 << 20)
        } catch {
            throw StoreError(error, "Keystone cannot be asked for a trust")
        }
        guard answer.status.code == status else {
            throw .permissionDenied("Keystone answers \(answer.status.code) about a trust of the user")
        }
        return (try? JSONValue.parse(Array(bytes.readableBytesView))) ?? .null
    }
}
