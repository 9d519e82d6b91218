public import NIOCore
public import NIOHTTP1

/// A request to another server.
public struct OutgoingRequest: Sendable {
    public var method: HTTPMethod
    /// Absolute, `http://…` or `https://…`, encoded as it is to be sent.
    public var url: String
    public var headers: HTTPHeaders
    public var body: Body
    /// From the call until the last byte of the answer has been read; nil is without end.
    public var deadline: Duration?
    /// Between two parts of the answer, and until its beginning where the body is not streamed; nil is what the client
    /// has for all requests.
    public var idleTimeout: Duration?

    public enum Body: Sendable {
        case none
        case bytes(ByteBuffer)
        /// A body that is taken from the sequence as fast as the server takes it. Without a length, in bytes, it is sent in
        /// chunks.
        case stream(length: Int64?, any AsyncSequence<ByteBuffer, any Error> & Sendable)
    }

    public init(
        _ method: HTTPMethod = .GET, _ url: String, headers: HTTPHeaders = [:], body: Body = .none,
        deadline: Duration? = nil, idleTimeout: Duration? = nil
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.deadline = deadline
        self.idleTimeout = idleTimeout
    }

    /// The id under which the log of another OpenStack service has this request, `X-OpenStack-Request-ID`.
    public var requestID: String? {
        get { headers.first(name: Self.requestIDHeader) }
        set {
            headers.remove(name: Self.requestIDHeader)
            if let newValue { headers.add(name: Self.requestIDHeader, value: newValue) }
        }
    }

    private static let requestIDHeader = "X-OpenStack-Request-ID"

    /// Asks for a part only: these bytes, of which there is at least one.
    public mutating func setRange(_ range: Range<Int64>) {
        headers.replaceOrAdd(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
    }

    /// Whether it can be sent a second time: what was taken from a stream is gone.
    var isRepeatable: Bool {
        if case .stream = body { false } else { true }
    }
}
