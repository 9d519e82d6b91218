public import NIOCore
public import NIOHTTP1
import OutgoingHTTP

/// The answer of an external server. Dropping it ends the request.
public final class ExternalHTTPResponse: Sendable {
    private let response: OutgoingResponse

    public var status: HTTPResponseStatus { response.status }
    public var headers: HTTPHeaders { response.headers }
    /// Bytes of the body, where the server says so.
    public var contentLength: Int64? { response.contentLength }
    /// The part of the whole that the body is (RFC 9110, section 14.4).
    public var contentRange: Range<Int64>? { response.contentRange }

    init(_ response: OutgoingResponse) { self.response = response }

    /// The next bytes of the body; nil at its end. One task at a time may ask.
    public func next() async throws(ExternalHTTPError) -> ByteBuffer? {
        do throws(OutgoingHTTPError) {
            return try await response.next()
        } catch {
            throw ExternalHTTPError(error)
        }
    }
}
