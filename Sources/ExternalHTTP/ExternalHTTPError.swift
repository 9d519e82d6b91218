import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no answer from an external server. For logs: whoever gave the URL must not learn which of these it was,
/// or the service is a port scanner (CVE-2017-7200). No text holds an address or a part of a URL.
public enum ExternalHTTPError: Error, Sendable, Equatable {
    /// ``ExternalURLFilter`` refuses the URL or that of a redirect.
    case refused
    case unresolvable
    /// No connection; with the reason, such as `Connection refused`.
    case noConnection(String)
    /// No trusted TLS connection.
    case untrusted
    /// The server has fallen silent.
    case timeout
    case tooManyRedirects(Int)
    /// A redirect to nowhere or to something that is no http or https URL.
    case badRedirect
    case cancelled

    public var text: String {
        switch self {
        case .refused: "[import_filtering_opts] does not allow to contact the HTTP server"
        case .unresolvable: "cannot resolve the name of the HTTP server"
        case .noConnection(let reason): "the connection to the HTTP server failed: \(reason)"
        case .untrusted: "no trusted TLS connection to the HTTP server"
        case .timeout: "the HTTP server did not answer in time"
        case .tooManyRedirects(let count): "the HTTP server redirects more than \(count) times"
        case .badRedirect: "the HTTP server redirects to something that is not an http or https URL"
        case .cancelled: "the request to the HTTP server was cancelled"
        }
    }

    /// Errors of the client by kind; their own texts may hold addresses.
    init(_ error: any Error) {
        switch error {
        case let error as ExternalHTTPError: self = error
        case let error as HTTPClientError where error == .connectTimeout: self = .noConnection(Self.text(ETIMEDOUT))
        case let error as HTTPClientError where [.readTimeout, .deadlineExceeded].contains(error): self = .timeout
        case ChannelError.connectTimeout: self = .noConnection(Self.text(ETIMEDOUT))
        case let error as NIOConnectionError:
            self = error.connectionErrors.first.map { ExternalHTTPError($0.error) } ?? .unresolvable
        case let error as IOError: self = .noConnection(Self.text(error.errnoCode))
        case is NIOSSLError, is NIOSSLExtraError: self = .untrusted
        case is CancellationError: self = .cancelled
        default: self = .noConnection("broken off")
        }
    }

    private static func text(_ code: CInt) -> String { String(cString: strerror(code)) }
}
