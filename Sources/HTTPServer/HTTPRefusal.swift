public import HTTPTypes

/// The answer to what is no request that the server understands. No handler has seen it, so the server answers itself; how
/// that looks is the decision of who made the listener (see ``RefusalRenderer``).
public struct HTTPRefusal: Error, Sendable, Equatable {
    public var status: HTTPResponse.Status
    /// For the client: what is wrong, as a sentence.
    public var reason: String
    /// Value of the client's `Accept`, as far as its request could be read.
    public var accept: String?
    /// Whether the client has asked with HEAD, so that the answer has no body.
    public var isHead: Bool

    public init(status: HTTPResponse.Status, reason: String, accept: String? = nil, isHead: Bool = false) {
        self.status = status
        self.reason = reason
        self.accept = accept
        self.isHead = isHead
    }

    init(_ malformed: MalformedRequest, accept: String? = nil, isHead: Bool = false) {
        self.init(status: malformed.status, reason: malformed.reason, accept: accept, isHead: isHead)
    }
}

/// Makes the body of a refusal: its media type and its text.
public typealias RefusalRenderer = @Sendable (HTTPRefusal) -> (contentType: String, text: String)
