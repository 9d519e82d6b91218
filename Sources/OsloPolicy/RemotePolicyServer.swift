import AsyncHTTPClient
import FoundationEssentials
public import NIOCore
import NIOHTTP1
import NIOSSL

/// Performs `http:` and `https:` checks: the answer `True`, with or without quotes, lets the caller pass.
///
/// Source: oslo.policy documentation, "Registering New Special Checks", `remote_*` options.
public final class RemotePolicyServer: Sendable {
    /// The `remote_*` options of `[oslo_policy]`.
    public struct Settings: Sendable {
        /// `remote_content_type`: JSON instead of a form whose fields are JSON texts.
        public var sendsJSON = false
        /// `remote_ssl_verify_server_crt`
        public var verifiesCertificate = false
        /// `remote_ssl_ca_crt_file`, nil for the system's authorities.
        public var caFile: String?
        /// `remote_ssl_client_crt_file`
        public var certificateFile: String?
        /// `remote_ssl_client_key_file`, nil when the certificate's file holds the key too.
        public var keyFile: String?
        /// `remote_timeout`, seconds for a whole check.
        public var timeout = 60.0

        public init() {}
    }

    private let settings: Settings
    private let client: HTTPClient

    /// - Throws: ``PolicyError/badFile(path:reason:)`` when a certificate or key cannot be read.
    public init(_ settings: Settings, eventLoopGroup: any EventLoopGroup) throws(PolicyError) {
        self.settings = settings
        var configuration = HTTPClient.Configuration(
            tlsConfiguration: try TLSConfiguration(settings), redirectConfiguration: .disallow)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        client = HTTPClient(eventLoopGroupProvider: .shared(eventLoopGroup), configuration: configuration)
    }

    deinit {
        // A start that fails half-way, or a check, may leave without it.
        client.shutdown { _ in }
    }

    /// For the ``Enforcer``.
    public var check: RemoteCheck {
        { [self] url, rule, target, credentials in
            try await allows(url, rule: rule, target: target, credentials: credentials)
        }
    }

    /// Closes the connections. Nothing may be asked afterwards.
    ///
    /// - Throws: errors of the connections.
    public func shutdown() async throws { try await client.shutdown() }

    private func allows(
        _ url: String, rule: String, target: PolicyTarget, credentials: PolicyCredentials
    ) async throws -> Bool {
        var request = HTTPClientRequest(url: url)
        request.method = .POST
        if settings.sendsJSON {
            request.headers = ["Content-Type": "application/json"]
            let question = Question(rule: rule, target: target.facts, credentials: credentials)
            request.body = .bytes(ByteBuffer(bytes: try JSONEncoder().encode(question)))
        } else {
            request.headers = ["Content-Type": "application/x-www-form-urlencoded"]
            let fields = try [
                ("rule", JSONEncoder().encode(rule)), ("target", JSONEncoder().encode(target.facts)),
                ("credentials", JSONEncoder().encode(credentials)),
            ]
            let form = fields.map { "\($0)=\(Self.percentEncoded($1))" }.joined(separator: "&")
            request.body = .bytes(ByteBuffer(string: form))
        }
        let milliseconds = Int64(max(0.001, min(settings.timeout, 86400)) * 1000)
        let response = try await client.execute(request, timeout: .milliseconds(milliseconds))
        let answer = String(buffer: try await response.body.collect(upTo: 65536))
        return answer == "True" || answer == "\"True\""
    }

    private struct Question: Encodable {
        var rule: String
        var target: [String: PolicyValue]
        var credentials: PolicyCredentials
    }

    /// All but the characters that no form gives a meaning.
    private static func percentEncoded(_ bytes: Data) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        let text = bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                [byte]
            default: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension PolicyValue: Encodable {
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let value): try container.encode(value)
        case .string(let value): try container.encode(value)
        case .list(let values): try container.encode(values)
        case .dictionary(let values): try container.encode(values)
        }
    }
}

extension TLSConfiguration {
    fileprivate init(_ settings: RemotePolicyServer.Settings) throws(PolicyError) {
        self = .makeClientConfiguration()
        if !settings.verifiesCertificate { certificateVerification = .none }
        if let file = settings.caFile {
            trustRoots = .certificates(try Self.read(file) { try NIOSSLCertificate.fromPEMFile(file) })
        }
        guard let file = settings.certificateFile else { return }
        certificateChain = try Self.read(file) { try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) } }
        let key = settings.keyFile ?? file
        privateKey = .privateKey(try Self.read(key) { try NIOSSLPrivateKey(file: key, format: .pem) })
    }

    private static func read<Result>(_ path: String, _ body: () throws -> Result) throws(PolicyError) -> Result {
        do {
            return try body()
        } catch {
            throw .badFile(path: path, reason: "not a certificate or key for remote checks that can be read")
        }
    }
}
