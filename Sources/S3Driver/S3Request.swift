import NIOCore
import NIOHTTP1
import OutgoingHTTP

/// A request to the service, before it is signed.
struct S3Request: Sendable {
    var method: HTTPMethod
    var bucket: String
    /// Nil for the bucket itself.
    var key: String?
    /// Not encoded.
    var query: [(name: String, value: String)] = []
    /// Beside those that every request has.
    var headers: [(name: String, value: String)] = []
    var body = ByteBuffer()
    /// SHA-256 of the body in hexadecimal, where it is known; by it the service verifies what it has received.
    var bodyHash: String?
    /// Instead of a body: one that is sent as it comes, once. Its length is in bytes.
    var stream: (length: Int64, source: BodyPipe)?

    init(
        _ method: HTTPMethod, bucket: String, key: String? = nil, query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [], body: ByteBuffer = ByteBuffer(), bodyHash: String? = nil
    ) {
        self.method = method
        self.bucket = bucket
        self.key = key
        self.query = query
        self.headers = headers
        self.body = body
        self.bodyHash = bodyHash
    }
}
