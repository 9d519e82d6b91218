import Glibc

/// What can go wrong in a store, in terms of the domain. Texts never hold credentials or location URLs.
public enum StoreError: Error, Sendable, Equatable {
    case notFound
    /// The final name is taken.
    case duplicate
    /// No space left, or a quota of the backend.
    case full
    /// The data cannot be removed: a clone or snapshot needs it.
    case inUse(String)
    /// Writing is not permitted or the driver is read-only.
    case readOnly
    case permissionDenied(String)
    /// The location's URL is not one of this driver's.
    case badLocation(String)
    /// Settings that cannot work; ends the start.
    case badConfiguration(String)
    /// The backend takes longer than its limit (503).
    case timeout
    /// The caller may have lost what allowed it to remove; see ``StoreContext/deadline``. Nothing was removed.
    case tooLate
    /// Anything else the backend reports.
    case backend(String)
}

extension StoreError {
    /// Why a service cannot start with this store, in one line for the operator.
    public var adviceAtStart: String { if case .badConfiguration(let text) = self { text } else { "\(self)" } }

    /// Whether the store as a whole is to blame: told once per outage, not for each request that meets it.
    public var isOutage: Bool {
        switch self {
        case .permissionDenied, .timeout, .backend: true
        case .notFound, .duplicate, .full, .inUse, .readOnly, .tooLate, .badLocation, .badConfiguration: false
        }
    }

    /// An error number of the C library. `doing` is what could not be done, such as `cannot write the image`.
    package init(errno code: Int32, _ doing: String) {
        let text = "\(doing): \(String(cString: strerror(code)))"
        switch code {
        case ENOSPC, EDQUOT, EFBIG: self = .full
        case EACCES, EPERM, EROFS: self = .permissionDenied(text)
        default: self = .backend(text)
        }
    }

    /// The text of a case that has one.
    package var text: String? {
        switch self {
        case .inUse(let text), .permissionDenied(let text), .badLocation(let text), .badConfiguration(let text),
            .backend(let text):
            text
        case .notFound, .duplicate, .full, .readOnly, .timeout, .tooLate: nil
        }
    }
}

extension StoreError {
    /// The same error, with the place in the configuration in front of its text.
    package func naming(store: String, option: String) -> StoreError {
        guard case .badConfiguration(let text) = self else { return self }
        return .badConfiguration("store \(store): \(option): \(text)")
    }
}
