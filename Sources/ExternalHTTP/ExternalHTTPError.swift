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
