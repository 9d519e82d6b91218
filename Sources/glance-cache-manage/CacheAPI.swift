import CommandOptions
import JSON
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OutgoingHTTP

/// The older interface to the cache of a node, and the token that it wants.
struct CacheAPI: Sendable {
    enum Failure: Error, CustomStringConvertible {
        case status(Int)
        case missing(String)
        case refused(Int)

        var description: String {
            switch self {
            case .status(let status): "the API answered \(status)"
            case .missing(let what): "\(what) is needed to authenticate with Keystone"
            case .refused(let status): "Keystone answered \(status)"
            }
        }
    }

    private static let largestAnswer = 64 << 20

    private let client: OutgoingHTTPClient
    private let address: String
    private let token: String?

    /// - Throws: ``Failure``, or `OutgoingHTTPError` when Keystone does not answer.
    init(host: String, port: Int, isInsecure: Bool, _ credentials: Credentials) async throws {
        var tls = TLSSettings()
        tls.isInsecure = isInsecure
        client = OutgoingHTTPClient(
            OutgoingHTTPSettings(), tls: try LoadedTLS(tls), eventLoopGroup: MultiThreadedEventLoopGroup.singleton,
            logger: Logger(label: "glance.cache") { _ in SwiftLogNoOpLogHandler() })
        if host.contains("://") {
            address = "\(host.hasSuffix("/") ? String(host.dropLast()) : host)/v2/"
        } else {
            address = "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/v2/"
        }
        do {
            token = try await Self.token(credentials, client)
        } catch {
            await client.shutdown()
            throw error
        }
    }

    func close() async { await client.shutdown() }

    /// The document of the answer, null for an empty one.
    ///
    /// - Throws: ``Failure/status(_:)`` for any status but success.
    func send(_ method: HTTPMethod, _ path: String) async throws -> JSONValue {
        var headers = HTTPHeaders([("Accept", "application/json")])
        if let token { headers.add(name: "X-Auth-Token", value: token) }
        let response = try await client.send(OutgoingRequest(method, address + path, headers: headers))
        let body = try await response.collect(upTo: Self.largestAnswer)
        guard (200..<300).contains(response.status.code) else { throw Failure.status(Int(response.status.code)) }
        return (try? JSONValue.parse(Array(body.readableBytesView))) ?? .null
    }

    /// Nil without authentication.
    private static func token(_ credentials: Credentials, _ client: OutgoingHTTPClient) async throws -> String? {
        let environment = ProcessEnvironment.variables
        func value(_ own: String?..., names: String...) -> String? {
            (own + names.map { environment[$0] }).lazy.compactMap { $0 }.first { !$0.isEmpty }
        }
        if let token = value(credentials.token, names: "OS_AUTH_TOKEN", "OS_TOKEN") { return token }
        let strategy = value(credentials.strategy, names: "OS_AUTH_STRATEGY")
        guard var url = value(credentials.url, names: "OS_AUTH_URL") else {
            if strategy == "keystone" { throw Failure.missing("--os-auth-url") }
            return nil
        }
        while url.hasSuffix("/") { url.removeLast() }
        if !url.hasSuffix("/v3") { url += "/v3" }
        guard let user = value(credentials.user, names: "OS_USERNAME", "OS_AUTH_USER") else {
            throw Failure.missing("--os-username")
        }
        guard let password = value(credentials.password, names: "OS_PASSWORD", "OS_AUTH_KEY") else {
            throw Failure.missing("--os-password")
        }
        let domain = value(credentials.osDomainId, names: "OS_DOMAIN_ID") ?? "default"
        let userDomain = value(credentials.osUserDomainId, names: "OS_USER_DOMAIN_ID") ?? domain
        let projectDomain = value(credentials.osProjectDomainId, names: "OS_PROJECT_DOMAIN_ID") ?? domain
        let projectID = value(credentials.projectID, names: "OS_PROJECT_ID")
        let project = value(credentials.project, names: "OS_PROJECT_NAME", "OS_AUTH_PROJECT")
        let scope: [String: JSONValue] =
            if let projectID {
                ["id": .string(projectID)]
            } else {
                ["name": .string(project ?? ""), "domain": .object(["id": .string(projectDomain)])]
            }
        let identity: [String: JSONValue] = [
            "name": .string(user), "password": .string(password), "domain": .object(["id": .string(userDomain)]),
        ]
        let document = JSONValue.object([
            "auth": .object([
                "identity": .object([
                    "methods": .array([.string("password")]),
                    "password": .object(["user": .object(identity)]),
                ]),
                "scope": .object(["project": .object(scope)]),
            ])
        ])
        var request = OutgoingRequest(
            .POST, "\(url)/auth/tokens",
            headers: HTTPHeaders([("Content-Type", "application/json"), ("Accept", "application/json")]))
        request.body = .bytes(ByteBuffer(string: JSONWriter.text(of: document)))
        let response = try await client.send(request)
        _ = try await response.collect(upTo: largestAnswer)
        guard response.status == .created, let token = response.headers.first(name: "X-Subject-Token") else {
            throw Failure.refused(Int(response.status.code))
        }
        return token
    }
}
