import AsyncHTTPClient
public import NIOCore
public import NIOHTTP1

/// The answer of an external server. Dropping it ends the request.
///
/// `@unchecked`: the body may be read by one task at a time.
public final class ExternalHTTPResponse: @unchecked Sendable {
    public let status: HTTPResponseStatus
    public let headers: HTTPHeaders
    private var body: HTTPClientResponse.Body.AsyncIterator
    private let client: SingleUseClient

    init(_ response: HTTPClientResponse, client: SingleUseClient) {
        status = response.status
        headers = response.headers
        body = response.body.makeAsyncIterator()
        self.client = client
    }

    /// The next bytes of the body; nil at its end.
    public func next() async throws(ExternalHTTPError) -> ByteBuffer? {
        do {
            return try await body.next()
        } catch {
            throw ExternalHTTPError(error)
        }
    }
}
