import Identity
import JSON
public import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding

/// The key manager, as far as images need it: certificates of signatures, and keys of encrypted volumes that go with their
/// image. Everything is done with the user's own token.
///
/// Source: Key Manager API v1, "Secrets"; the requests are those of castellan and Barbican's client.
public struct KeyManager: Sendable {
    /// Who asks.
    public struct User: Sendable {
        public var token: String
        /// `AuthContext.serviceCatalog`
        public var catalog: String?

        public init(token: String, catalog: String?) {
            self.token = token
            self.catalog = catalog
        }
    }

    /// Why there is no answer. For logs; no text holds a token or a secret.
    public enum Failure: Error, Sendable, Equatable, CustomStringConvertible {
        case notFound
        case forbidden
        /// With the reason.
        case unavailable(String)

        public var description: String {
            switch self {
            case .notFound: "the key manager does not have it"
            case .forbidden: "the key manager forbids it"
            case .unavailable(let reason): reason
            }
        }
    }

    private let settings: KeyManagerSettings
    private let client: OutgoingHTTPClient

    /// - Throws: ``Failure/unavailable(_:)`` when a certificate or key of the options cannot be read.
    public init(settings: KeyManagerSettings, eventLoopGroup: any EventLoopGroup) throws(Failure) {
        self.settings = settings
        var http = OutgoingHTTPSettings()
        http.connectTimeout = min(settings.timeout, .seconds(10))
        http.idleTimeout = settings.timeout
        do throws(OutgoingHTTPError) {
            client = OutgoingHTTPClient(http, tls: try LoadedTLS(settings.tls), eventLoopGroup: eventLoopGroup)
        } catch {
            throw .unavailable("[barbican]: \(error)")
        }
    }

    /// Closes the connections. Nothing may be asked afterwards.
    public func shutdown() async { await client.shutdown() }

    /// The certificate of an image's signature, as the key manager has it.
    public func certificate(_ id: String, for user: User) async throws(Failure) -> Secret {
        let facts = try await facts(id, for: user)
        let type = facts.contentTypes?["default"] ?? "application/octet-stream"
        let (status, payload) = try await send(.GET, "/\(id)/payload", accept: type, for: user)
        try check(status)
        return Secret(isCertificate: facts.type == "certificate", bytes: payload)
    }

    /// Something that the key manager keeps.
    public struct Secret: Sendable, Equatable {
        /// Whether whoever stored it said that it is a certificate.
        public var isCertificate: Bool
        public var bytes: [UInt8]
    }

    /// Removes a key. One that others still use stays.
    public func delete(_ id: String, for user: User) async throws(Failure) {
        guard try await facts(id, for: user).consumers?.isEmpty ?? true else {
            throw .unavailable("others use the key")
        }
        try check(try await send(.DELETE, "/\(id)", accept: "application/json", for: user).status)
    }

    private struct Facts: Decodable {
        var type: String?
        var contentTypes: [String: String]?
        var consumers: [JSONValue]?

        enum CodingKeys: String, CodingKey {
            case type = "secret_type"
            case contentTypes = "content_types"
            case consumers
        }
    }

    private func facts(_ id: String, for user: User) async throws(Failure) -> Facts {
        guard UUIDText.isValid(id) else { throw .notFound }
        let (status, body) = try await send(.GET, "/\(id)", accept: "application/json", for: user)
        try check(status)
        guard let facts = try? JSONValue.parse(body).decode(Facts.self) else {
            throw .unavailable("the key manager's answer cannot be read")
        }
        return facts
    }

    private func check(_ status: Int) throws(Failure) {
        switch status {
        case 200..<300: return
        case 404: throw .notFound
        case 401, 403: throw .forbidden
        default: throw .unavailable("the key manager answers \(status)")
        }
    }

    private func send(
        _ method: HTTPMethod, _ path: String, accept: String, for user: User
    ) async throws(Failure) -> (status: Int, body: [UInt8]) {
        var request = OutgoingRequest(method, try secrets(of: user) + path)
        request.headers = ["Accept": accept, "X-Auth-Token": user.token]
        request.deadline = settings.timeout
        do throws(OutgoingHTTPError) {
            let response = try await client.send(request)
            let body = try await response.collect(upTo: 256 << 10)
            return (Int(response.status.code), Array(body.readableBytesView))
        } catch {
            throw .unavailable("the key manager cannot be reached: \(error)")
        }
    }

    private func secrets(of user: User) throws(Failure) -> String {
        guard settings.isBarbican else {
            throw .unavailable("[key_manager] backend is not barbican")
        }
        let found =
            settings.endpoint
            ?? user.catalog.flatMap { ServiceCatalog($0) }?
            .endpoint(of: "key-manager", region: settings.region, interface: settings.interface)
        guard let found else { throw .unavailable("the catalog has no key manager, and there is no barbican_endpoint") }
        return found + (found.hasSuffix("/v1") ? "" : "/v1") + "/secrets"
    }
}
