import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix
import NIOSSL

/// Why there is no answer from another server. No text holds an address or a part of a URL.
public enum OutgoingHTTPError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A certificate or key that cannot be read.
    case unusableFile(TLSSettings.File, path: String)
    case badURL
    case unresolvable
    /// No connection; with the reason, such as `Connection refused`.
    case noConnection(String)
    /// The connection ended before the answer did.
    case brokenOff
    /// No trusted TLS connection.
    case untrusted
    /// The server has fallen silent, or the request's deadline has passed.
    case timeout
    /// The body of the answer has more bytes than were allowed.
    case tooLong(Int)
    /// The sequence that the body comes from has failed.
    case sourceFailed
    case cancelled
    /// The client has been shut down.
    case closed

    public var description: String {
        switch self {
        case .unusableFile(.authorities, let path): "certificates of authorities cannot be read from \(path)"
        case .unusableFile(.certificate, let path): "no certificate can be read from \(path)"
        case .unusableFile(.key, let path): "no private key can be read from \(path)"
        case .badURL: "the URL cannot be used"
        case .unresolvable: "the name of the server cannot be resolved"
        case .noConnection(let reason): "the connection failed: \(reason)"
        case .brokenOff: "the connection broke off"
        case .untrusted: "no trusted TLS connection"
        case .timeout: "no answer in time"
        case .tooLong(let limit): "the answer is longer than \(limit) bytes"
        case .sourceFailed: "the body of the request could not be read"
        case .cancelled: "the request was cancelled"
        case .closed: "the client has been shut down"
        }
    }

    /// Whether the same request may succeed a moment later. Not when the server was too slow: it would be again.
    public var mayPass: Bool {
        switch self {
        case .unresolvable, .noConnection, .brokenOff, .untrusted: true
        case .unusableFile, .badURL, .timeout, .tooLong, .sourceFailed, .cancelled, .closed: false
        }
    }

    /// Errors of the library by kind; their own texts may hold addresses.
    init(_ error: any Error) {
        switch error {
        case let error as OutgoingHTTPError: self = error
        case let error as HTTPClientError: self = Self.kind(error)
        case ChannelError.connectTimeout: self = .noConnection(Self.text(ETIMEDOUT))
        case let error as NIOConnectionError:
            self = error.connectionErrors.first.map { OutgoingHTTPError($0.error) } ?? .unresolvable
        case let error as IOError: self = .noConnection(Self.text(error.errnoCode))
        case is NIOSSLError, is NIOSSLExtraError: self = .untrusted
        case is CancellationError: self = .cancelled
        default: self = .brokenOff
        }
    }

    private static func kind(_ error: HTTPClientError) -> OutgoingHTTPError {
        switch error {
        case .connectTimeout: .noConnection(text(ETIMEDOUT))
        case .readTimeout, .writeTimeout, .deadlineExceeded, .getConnectionFromPoolTimeout: .timeout
        case .tlsHandshakeTimeout, .socksHandshakeTimeout, .httpProxyHandshakeTimeout: .noConnection(text(ETIMEDOUT))
        case .cancelled: .cancelled
        case .alreadyShutdown: .closed
        case .invalidURL, .emptyHost, .missingSocketPath, .emptyScheme: .badURL
        default: .brokenOff
        }
    }

    private static func text(_ code: CInt) -> String { String(cString: strerror(code)) }
}
