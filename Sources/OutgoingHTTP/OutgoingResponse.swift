import AsyncHTTPClient
public import NIOCore
public import NIOHTTP1

/// The answer of another server. Its body is received as fast as it is read; dropping the answer ends the request.
///
/// `@unchecked`: the body may be read by one task at a time.
public final class OutgoingResponse: @unchecked Sendable {
    public let status: HTTPResponseStatus
    public let headers: HTTPHeaders
    private var body: HTTPClientResponse.Body.AsyncIterator
    private let client: OutgoingHTTPClient
    private let deadline: NIODeadline?
    private let idleTimeout: TimeAmount?

    init(
        _ response: HTTPClientResponse, client: OutgoingHTTPClient, deadline: NIODeadline?, idleTimeout: TimeAmount?
    ) {
        status = response.status
        headers = response.headers
        body = response.body.makeAsyncIterator()
        self.client = client
        self.deadline = deadline
        self.idleTimeout = idleTimeout
    }

    /// The next bytes of the body; nil at its end.
    public func next() async throws(OutgoingHTTPError) -> ByteBuffer? {
        do {
            guard let limit = [deadline, idleTimeout.map { .now() + $0 }].compactMap({ $0 }).min() else {
                return try await body.next()
            }
            return try await next(until: limit)
        } catch {
            throw OutgoingHTTPError(error)
        }
    }

    private func next(until limit: NIODeadline) async throws -> ByteBuffer? {
        guard limit > .now() else { throw OutgoingHTTPError.timeout }
        // The library's own deadline ends with the head of the answer.
        let reading = Task { try await body.next() }
        let timer = client.eventLoopGroup.any().scheduleTask(deadline: limit) { reading.cancel() }
        defer { timer.cancel() }
        do {
            return try await withTaskCancellationHandler {
                try await reading.value
            } onCancel: {
                reading.cancel()
            }
        } catch {
            throw limit <= .now() && !Task.isCancelled ? OutgoingHTTPError.timeout : error
        }
    }

    /// The whole body.
    ///
    /// - Parameter limit: bytes allowed.
    /// - Throws: ``OutgoingHTTPError/tooLong(_:)`` and what ``next()`` throws.
    public func collect(upTo limit: Int) async throws(OutgoingHTTPError) -> ByteBuffer {
        if let length = contentLength, length > Int64(limit) { throw .tooLong(limit) }
        var whole = ByteBuffer()
        while var part = try await next() {
            guard whole.readableBytes + part.readableBytes <= limit else { throw .tooLong(limit) }
            if whole.readableBytes == 0 { whole = part } else { whole.writeBuffer(&part) }
        }
        return whole
    }

    /// Bytes of the body, where the server says so.
    public var contentLength: Int64? {
        headers.first(name: "Content-Length").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// `Content-Range: bytes 5-9/100` (RFC 9110, section 14.4) as 5..<10.
    public var contentRange: Range<Int64>? {
        guard let text = headers.first(name: "Content-Range"), text.lowercased().hasPrefix("bytes ") else { return nil }
        let bounds = text.dropFirst(6).prefix { $0 != "/" }.split(separator: "-")
        guard bounds.count == 2, let first = Int64(bounds[0]), let last = Int64(bounds[1]), first >= 0, first <= last,
            last < .max
        else { return nil }
        return first..<last + 1
    }
}
