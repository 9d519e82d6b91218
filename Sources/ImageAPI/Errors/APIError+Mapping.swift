import Authorization
import HTTPServer
import HTTPTypes
import Hummingbird
import ImageDatabase
import ImageService
import MetadefService

extension APIError {
    /// The one place that gives every error its status. Errors that are not meant for clients become 500 without any detail.
    init(_ error: any Error) {
        switch error {
        case let error as APIError: self = error
        case let error as ServiceError: self.init(error)
        case .notFound(let text) as MetadefError: self.init(.notFound, text)
        case .duplicate(let text) as MetadefError: self.init(.conflict, text)
        case let error as MetadefError: self.init(.forbidden, error.text)
        case let error as AuthorizationError:
            self.init(error.isNotFound ? .notFound : .forbidden, error.description)
        case let error as RequestBodyError: self.init(error)
        // The text of the error may name hosts and users; the log has it.
        case DatabaseError.unavailable: self.init(.serviceUnavailable)
        case DatabaseError.invalidValue(let value): self.init(.badRequest, value.reason)
        case let error as HTTPError: self.init(error.status, error.body ?? "", headers: error.headers)
        case is CancellationError: self.init(.serviceUnavailable, "The request was cancelled because the server stops.")
        default: self.init(.internalServerError)
        }
    }

    private init(_ error: RequestBodyError) {
        let message =
            switch error {
            case .incomplete: "The connection ended before the body was complete."
            case .malformed: "The body is not framed as its headers say."
            case .timedOut: "The body did not arrive in time."
            }
        self.init(error.status, message)
    }

    private init(_ error: ServiceError) {
        switch error {
        case .invalid(let message): self.init(.badRequest, message)
        case .unauthorized(let message): self.init(.unauthorized, message)
        case .forbidden(let message): self.init(.forbidden, message)
        case .notFound(let message): self.init(.notFound, message)
        case .conflict(let message): self.init(.conflict, message)
        case .gone(let message): self.init(.gone, message)
        case .tooLarge(let message): self.init(.contentTooLarge, message)
        case .unsupportedMediaType(let message): self.init(.unsupportedMediaType, message)
        case .rangeNotSatisfiable(let message): self.init(.rangeNotSatisfiable, message)
        case .unavailable(let message): self.init(.serviceUnavailable, message)
        }
    }
}
