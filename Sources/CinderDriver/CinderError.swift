import ImageStore
import JSON
import OutgoingHTTP

/// Why a call to Cinder has no result.
enum CinderError: Error, Sendable, Equatable {
    case http(OutgoingHTTPError)
    /// No token or no address, with the reason.
    case identity(String)
    /// What Cinder answers instead, with its own words.
    case refused(status: Int, String)
    case unreadable

    var isNotFound: Bool { if case .refused(404, _) = self { true } else { false } }

    /// Whether a volume is in another state than the call needs. It may leave that soon.
    var isAboutState: Bool {
        switch self {
        case .refused(409, _): true
        case .refused(400, let text): text.contains("status must be") || text.contains("must be available")
        case .refused, .http, .identity, .unreadable: false
        }
    }

    var storeError: StoreError {
        switch self {
        case .http(.timeout): .timeout
        case .http(let error): .backend("Cinder: \(error)")
        case .identity(let reason): .backend(reason)
        case .refused(401, _): .permissionDenied("Cinder does not accept the token")
        case .refused(403, let text): .permissionDenied("Cinder: \(text)")
        case .refused(404, _): .notFound
        case .refused(413, _): .full
        case _ where isAboutState: .inUse("the image's volume is in use")
        case .refused(let status, let text): .backend("Cinder answers \(status): \(text)")
        case .unreadable: .backend("Cinder's answer cannot be read")
        }
    }

    /// An answer that is no success: `{"badRequest": {"code": 400, "message": "…"}}`.
    init(status: Int, body: JSONValue?) {
        let message = body?.objectValue?.values.first?["message"]?.stringValue ?? ""
        self = .refused(status: status, message)
    }
}

/// Runs calls whose errors are those of a store.
func translating<Value>(_ body: () async throws(CinderError) -> Value) async throws(StoreError) -> Value {
    do throws(CinderError) {
        return try await body()
    } catch {
        throw error.storeError
    }
}
