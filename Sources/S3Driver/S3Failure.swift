import ImageStore
import OutgoingHTTP

/// Why a request did not do what it should. No text holds keys, names of objects or parts of a URL.
enum S3Failure: Error, Sendable, Equatable {
    /// The service has refused; `code` is its own word for it, empty where the answer has no body, as for HEAD.
    case refused(status: Int, code: String)
    /// There is no answer.
    case unreachable(OutgoingHTTPError)
    /// The answer is none of S3's.
    case unintelligible(String)

    /// The object, upload or bucket is not there.
    var isNotFound: Bool { if case .refused(404, _) = self { true } else { false } }
    /// The object is there already, or has changed.
    var isPreconditionFailed: Bool { if case .refused(412, _) = self { true } else { false } }

    func has(code wanted: String) -> Bool { if case .refused(_, wanted) = self { true } else { false } }

    /// Whether the same request may succeed a moment later.
    var mayPass: Bool {
        switch self {
        case .refused(let status, let code):
            [500, 502, 503, 504, 429].contains(status)
                || ["RequestTimeout", "OperationAborted", "ConditionalRequestConflict"].contains(code)
        case .unreachable(.untrusted): false
        case .unreachable(.timeout): true
        case .unreachable(let error): error.mayPass
        case .unintelligible: false
        }
    }

    /// Whether the request may have been carried out all the same.
    var isInDoubt: Bool {
        switch self {
        case .refused(let status, _): status >= 500
        case .unreachable, .unintelligible: true
        }
    }

    /// In terms of the domain.
    var storeError: StoreError {
        switch self {
        case .refused(_, "NoSuchBucket"): .backend("the bucket does not exist")
        case .refused(404, _): .notFound
        case .refused(412, _): .duplicate
        case .refused(_, let code) where Self.fullCodes.contains(code): .full
        case .refused(413, _), .refused(507, _): .full
        case .refused(let status, let code) where status == 401 || status == 403:
            .permissionDenied("the S3 service answers \(Self.text(status, code))")
        case .refused(let status, let code): .backend("the S3 service answers \(Self.text(status, code))")
        case .unreachable(.timeout): .timeout
        case .unreachable(.untrusted):
            .backend("the S3 service's certificate is not trusted (s3_store_cacert names the authorities)")
        case .unreachable(let error): .backend("the S3 service cannot be reached: \(error)")
        case .unintelligible(let text): .backend("the S3 service's answer makes no sense: \(text)")
        }
    }

    private static let fullCodes: Set<String> = [
        "QuotaExceeded", "EntityTooLarge", "InsufficientStorage", "TooManyBuckets",
    ]

    /// Codes are names; what is none is not shown.
    private static func text(_ status: Int, _ code: String) -> String {
        guard (1...64).contains(code.utf8.count), code.utf8.allSatisfy({ $0 < 0x80 }), code.allSatisfy(\.isLetter)
        else {
            return "\(status)"
        }
        return "\(status) (\(code))"
    }
}
