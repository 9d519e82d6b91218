/// Why an operation was refused or failed. The text is for the client; ImageAPI maps each case to a status, in one place.
///
/// Texts never hold credentials, tokens or location URLs.
public enum ServiceError: Error, Sendable, Equatable {
    /// 400
    case invalid(String)
    /// 401
    case unauthorized(String)
    /// 403
    case forbidden(String)
    /// 404
    case notFound(String)
    /// 409
    case conflict(String)
    /// 410
    case gone(String)
    /// 413
    case tooLarge(String)
    /// 415
    case unsupportedMediaType(String)
    /// 416
    case rangeNotSatisfiable(String)
    /// 503
    case unavailable(String)
}

extension ServiceError {
    /// What it says to the client.
    public var text: String {
        switch self {
        case .invalid(let text), .unauthorized(let text), .forbidden(let text), .notFound(let text),
            .conflict(let text),
            .gone(let text), .tooLarge(let text), .unsupportedMediaType(let text), .rangeNotSatisfiable(let text),
            .unavailable(let text):
            text
        }
    }
}
