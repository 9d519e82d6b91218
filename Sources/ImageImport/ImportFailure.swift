import ExternalHTTP
import ImageDatabase
import ImageService
import ImageStore
import ImportPlugins
import ImportSources
import UnifiedLimits

/// Why an import has failed, in words for the owner of the image.
struct ImportFailure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    /// The words for any error of a step.
    init(_ error: any Error) {
        switch error {
        case let failure as ImportFailure: self = failure
        case let failure as StoreFailure: self.init(failure.error)
        case let error as ExternalHTTPError: self.init(error.publicText)
        case let error as ImportSourceError: self.init(error.publicText)
        case let error as ImportPluginError: self.init(error.text)
        case let error as StoreError where error == .notFound: self.init("The data to import are not there any more.")
        case is StoreError: self.init(ImageService.clientError(error))
        case let error as LimitError: self.init(ServiceError(error).text)
        case let error as ServiceError: self.init(error.text)
        case DatabaseError.invalidValue(let value): self.init(value.reason)
        default: self.init("The service failed; its log says more.")
        }
    }
}

extension DatabaseError {
    /// Whether a job that got it would get it again, however often it is tried: the data say so, not the database's state.
    var isForGood: Bool { if case .invalidValue = self { true } else { false } }
}

/// Somebody else has the job by now, or the image is gone: nothing may be written any more.
struct LostJob: Error {}

/// What a store has said, where that ends the import.
struct StoreFailure: Error {
    let store: String
    let error: any Error
}
