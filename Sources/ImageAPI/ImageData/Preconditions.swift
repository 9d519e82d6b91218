import HTTPTypes

/// The conditions of a GET on data (RFC 9110, section 13).
///
/// An image's data have no date of their own (`updated_at` moves with every change of a name or tag), so answers carry no
/// `Last-Modified`, and conditions by date are ignored as sections 13.1.3 and 13.1.4 ask for in that case. The entity tag is
/// exact.
struct Preconditions {
    var ifMatch: String?
    var ifNoneMatch: String?
    var ifRange: String?

    init(ifMatch: String? = nil, ifNoneMatch: String? = nil, ifRange: String? = nil) {
        self.ifMatch = ifMatch
        self.ifNoneMatch = ifNoneMatch
        self.ifRange = ifRange
    }

    init(_ headers: HTTPFields) {
        self.init(ifMatch: headers[.ifMatch], ifNoneMatch: headers[.ifNoneMatch], ifRange: headers[.ifRange])
    }

    enum Outcome: Equatable {
        case proceed
        /// Status 304.
        case notModified
        /// Status 412.
        case failed
    }

    /// Evaluates `If-Match`, then `If-None-Match`, for data that exist.
    ///
    /// - Parameter tag: nil when the image has no hash: then only `*` matches.
    func outcome(for tag: EntityTag?) -> Outcome {
        if let ifMatch, !Self.matches(ifMatch, tag, strongly: true) { return .failed }
        if let ifNoneMatch, Self.matches(ifNoneMatch, tag, strongly: false) { return .notModified }
        return .proceed
    }

    /// Whether `Range` counts. A date in `If-Range` never matches, since there is no `Last-Modified`.
    func allowsRange(for tag: EntityTag?) -> Bool {
        guard let ifRange else { return true }
        guard let tag, !tag.isWeak, let wanted = EntityTag.list(ifRange), wanted.count == 1 else { return false }
        return wanted[0] == tag
    }

    private static func matches(_ header: String, _ tag: EntityTag?, strongly: Bool) -> Bool {
        if header.utf8.elementsEqual("*".utf8) { return true }
        guard let tag, let list = EntityTag.list(header) else { return false }
        return list.contains { $0.value == tag.value && !(strongly && ($0.isWeak || tag.isWeak)) }
    }
}
