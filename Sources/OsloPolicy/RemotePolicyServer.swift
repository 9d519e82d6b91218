import JSON
public import NIOCore
public import OutgoingHTTP
import TextCoding

/// Performs `http:` and `https:` checks: the answer `True`, with or without quotes, lets the caller pass.
///
/// Source: oslo.policy documentation, "Registering New Special Checks", `remote_*` options.
public final class RemotePolicyServer: Sendable {
    /// The `remote_*` options of `[oslo_policy]`.
    public struct Settings: Sendable {
        /// `remote_content_type`: JSON instead of a form whose fields are JSON texts.
        public var sendsJSON = false
        /// `remote_ssl_*`; certificates are not verified unless `remote_ssl_verify_server_crt` says so.
        public var tls: TLSSettings = {
            var tls = TLSSettings()
            tls.isInsecure = true
            return tls
        }()
        /// `remote_timeout`, seconds for a whole check.
        public var timeout = 60.0

        public init() {}
    }

    private let settings: Settings
    private let timeout: Duration
    private let client: OutgoingHTTPClient

    /// - Throws: ``PolicyError/badFile(path:reason:)`` when a certificate or key cannot be read.
    public init(_ settings: Settings, eventLoopGroup: any EventLoopGroup) throws(PolicyError) {
        self.settings = settings
        let timeout = Duration.milliseconds(Int64(max(0.001, min(settings.timeout, 86400)) * 1000))
        self.timeout = timeout
        var http = OutgoingHTTPSettings()
        http.connectTimeout = min(timeout, http.connectTimeout)
        http.idleTimeout = nil
        do throws(OutgoingHTTPError) {
            client = OutgoingHTTPClient(http, tls: try LoadedTLS(settings.tls), eventLoopGroup: eventLoopGroup)
        } catch {
            guard case .unusableFile(_, let path) = error else { throw .badFile(path: "", reason: "\(error)") }
            throw .badFile(path: path, reason: "not a certificate or key for remote checks that can be read")
        }
    }

    /// For the ``Enforcer``.
    public var check: RemoteCheck {
        { [self] url, rule, target, credentials in
            try await allows(url, rule: rule, target: target, credentials: credentials)
        }
    }

    /// Closes the connections. Nothing may be asked afterwards.
    public func shutdown() async { await client.shutdown() }

    private func allows(
        _ url: String, rule: String, target: PolicyTarget, credentials: PolicyCredentials
    ) async throws -> Bool {
        var request = OutgoingRequest(.POST, url, deadline: timeout)
        let question: [(name: String, value: JSONValue)] = [
            ("rule", .string(rule)), ("target", PolicyValue.dictionary(target.facts).json),
            ("credentials", PolicyValue.dictionary(credentials.facts).json),
        ]
        if settings.sendsJSON {
            request.headers = ["Content-Type": "application/json"]
            let document = JSONValue.object(Dictionary(uniqueKeysWithValues: question.map { ($0.name, $0.value) }))
            request.body = .bytes(ByteBuffer(string: JSONWriter.text(of: document)))
        } else {
            request.headers = ["Content-Type": "application/x-www-form-urlencoded"]
            let form = question.map { name, value in
                name + "=" + PercentEncoding.encode(JSONWriter.text(of: value), blankIsPlus: true)
            }
            request.body = .bytes(ByteBuffer(string: form.joined(separator: "&")))
        }
        let answer = String(buffer: try await client.send(request).collect(upTo: 65536))
        return answer == "True" || answer == "\"True\""
    }
}

extension PolicyValue {
    fileprivate var json: JSONValue {
        switch self {
        case .null: .null
        case .bool(let value): .bool(value)
        case .string(let value): .string(value)
        case .list(let values): .array(values.map { .string($0) })
        case .dictionary(let values): .object(values.mapValues(\.json))
        }
    }
}
