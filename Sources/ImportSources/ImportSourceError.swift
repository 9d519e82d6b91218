public import ExternalHTTP

/// Why data from outside do not come.
public enum ImportSourceError: Error, Sendable, Equatable {
    /// The request cannot be served as it is; 400 with this text.
    case invalid(String)
    /// The image in the other region cannot be imported; with the reason.
    case remote(String)
    case download(ExternalHTTPError)
    /// The user's token is needed, and is not there any more.
    case noCredentials

    /// For the owner of the image; tells nothing about networks.
    public var publicText: String {
        switch self {
        case .invalid(let text), .remote(let text): text
        case .download(let error): error.publicText
        case .noCredentials: "The import can no longer act for the user who asked for it; please ask again."
        }
    }

    /// For the log.
    public var text: String {
        if case .download(let error) = self { error.text } else { publicText }
    }
}
