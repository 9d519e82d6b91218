import HTTPTypes
import Hummingbird
import NIOCore

/// oslo's filter `sizelimit`. It counts image data too: a pipeline with it takes uploads only up to the limit.
struct SizeLimitStage: PipelineStage {
    /// Bytes.
    let maximum: Int

    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        if let length = request.headers[.contentLength].flatMap({ Int64($0) }) {
            guard length <= maximum else { return Self.refusal(maximum).response(to: request) }
            return try await next(request, context)
        }
        var request = request
        request.body = RequestBody(asyncSequence: LimitedBody(base: request.body, maximum: maximum))
        return try await next(request, context)
    }

    fileprivate static func refusal(_ maximum: Int) -> APIError {
        APIError(.contentTooLarge, "The request is larger than max_request_body_size (\(maximum) bytes).")
    }
}

/// A body of unknown length that fails once it is too long.
private struct LimitedBody: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let base: RequestBody
    let maximum: Int

    func makeAsyncIterator() -> Iterator {
        Iterator(base: base.makeAsyncIterator(), maximum: maximum)
    }

    struct Iterator: AsyncIteratorProtocol {
        var base: RequestBody.AsyncIterator
        let maximum: Int
        var count = 0

        @concurrent mutating func next() async throws -> ByteBuffer? {
            guard let buffer = try await base.next() else { return nil }
            count += buffer.readableBytes
            guard count <= maximum else { throw SizeLimitStage.refusal(maximum) }
            return buffer
        }
    }
}
