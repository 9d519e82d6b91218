import ImageStore
import NIOHTTP1
import OutgoingHTTP
import XML

/// Why a call to the server has no result.
enum VSphereError: Error, Sendable, Equatable {
    /// A fault of the API by its type, such as `FileNotFound`.
    case fault(String)
    case http(OutgoingHTTPError)
    /// An answer of this HTTP status that is no fault.
    case status(Int)
    /// An answer that says nothing of what was expected.
    case unreadable

    static let notAuthenticated = VSphereError.fault("NotAuthenticated")
    static let objectNotFound = VSphereError.fault("ManagedObjectNotFound")

    /// The fault in an envelope.
    init?(envelope: XMLElement) {
        guard let fault = envelope["Body"]?["Fault"] else { return nil }
        let detail = fault["detail"]?.children.first
        self = .fault(detail?.schemaType ?? detail?.name ?? "of no type")
    }

    /// The fault that ended a task.
    init(task error: XMLElement) { self = .fault(error["fault"]?.schemaType ?? "of no type") }

    /// Whether the call certainly has changed nothing, and may succeed a moment later.
    var isBeforeTheCall: Bool {
        switch self {
        case .http(.noConnection), .http(.unresolvable), .status(503): true
        case .fault, .http, .status, .unreadable: false
        }
    }

    /// Whether the call may have been carried out although there is no answer.
    var isUncertain: Bool {
        switch self {
        case .http(.brokenOff), .http(.timeout), .unreadable, .status: true
        case .fault, .http: false
        }
    }

    var storeError: StoreError {
        switch self {
        case .fault("FileNotFound"): .notFound
        case .fault("FileAlreadyExists"), .fault("DuplicateName"): .duplicate
        case .fault("NoDiskSpace"), .fault("InsufficientStorageSpace"), .fault("FileTooLarge"): .full
        case .fault("FileLocked"), .fault("ResourceInUse"), .fault("TaskInProgress"):
            .inUse("vCenter says that the file is in use")
        case .fault("InvalidLogin"): .permissionDenied("vCenter does not accept the user and the password")
        case .fault("NoPermission"): .permissionDenied("vCenter does not permit it: NoPermission")
        case .fault("NotAuthenticated"): .permissionDenied("vCenter does not accept its own session")
        case .fault(let type): .backend("vCenter reports \(type)")
        case .http(.timeout): .timeout
        case .http(let error): .backend("vCenter: \(error)")
        case .status(401), .status(403): .permissionDenied("vCenter answers 401 or 403")
        case .status(404): .notFound
        case .status(409): .duplicate
        case .status(507): .full
        case .status(let code): .backend("vCenter answers \(code)")
        case .unreadable: .backend("vCenter's answer cannot be read")
        }
    }
}
