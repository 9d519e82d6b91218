import Glibc
import OutgoingHTTP

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
    /// An answer without the data.
    case status(Int)
    /// More bytes than are allowed.
    case tooLarge(Int64)
    /// Other than the number of bytes that was announced.
    case wrongSize(Int64, expected: Int64)
    /// The whole has taken longer than it may.
    case tooSlow
    /// The file on this side cannot be written; with errno.
    case file(Int32)

    /// For the client that has given the URL. The same for everything that happens before data come: whether a port is
    /// closed, silent, or not allowed, or what a server of another protocol or with an own idea of access says, is not told.
    public var publicText: String {
        switch self {
        case .refused, .unresolvable, .noConnection, .untrusted, .tooManyRedirects, .badRedirect, .status, .timeout:
            "The data could not be got from the given source."
        case .cancelled: "The download was cancelled."
        case .tooLarge(let limit): "The data are larger than the \(limit) bytes that are allowed."
        case .wrongSize(let received, let expected):
            "The download is incomplete: \(expected) bytes were announced, \(received) bytes were received."
        case .tooSlow: "The download took too long."
        case .file: "The data could not be written to the staging area."
        }
    }

    /// Whether the same request may succeed a moment later, when the server has answered it before.
    public var mayPass: Bool {
        switch self {
        case .unresolvable, .noConnection, .untrusted, .timeout, .wrongSize: true
        case .status(let status): [502, 503, 504].contains(status)
        case .refused, .tooManyRedirects, .badRedirect, .cancelled, .tooLarge, .tooSlow, .file: false
        }
    }

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
        case .status(let status): "the HTTP server answers \(status)"
        case .tooLarge(let limit): "the HTTP server sends more than the \(limit) bytes that are allowed"
        case .wrongSize(let received, let expected):
            "the HTTP server sent \(received) bytes and announced \(expected)"
        case .tooSlow: "the HTTP server took longer than allowed"
        case .file(let code): "writing what the HTTP server sends failed: \(String(cString: strerror(code)))"
        }
    }

    init(_ error: OutgoingHTTPError) {
        switch error {
        case .noConnection(let reason): self = .noConnection(reason)
        case .unresolvable: self = .unresolvable
        case .untrusted, .unusableFile: self = .untrusted
        case .timeout: self = .timeout
        case .cancelled: self = .cancelled
        case .brokenOff, .badURL, .tooLong, .sourceFailed, .closed: self = .noConnection("broken off")
        }
    }
}
