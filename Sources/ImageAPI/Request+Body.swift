import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension Request {
    /// Bytes of the largest JSON body that is read. The biggest legitimate ones, namespaces with all their objects and
    /// properties, stay far below.
    static let maximumJSONSize = 4 << 20

    /// Whether the request announces a body, in the terms of Glance: a length above zero, or a transfer coding on a method
    /// that usually has a body.
    var hasBody: Bool {
        if let length = headers[.contentLength].flatMap({ Int64($0) }), length > 0 { return true }
        guard headers[.transferEncoding] != nil else { return false }
        return method == .post || method == .put || method == .patch
    }

    /// Reads the body as one JSON document. The content type does not matter: Glance never asked for it either.
    ///
    /// - Throws: ``APIError`` 400 when there is none or it is malformed, 413 when it is too large.
    func json() async throws -> JSONValue {
        guard hasBody else { throw APIError.badRequest("A JSON body is expected with this request.") }
        var buffer = ByteBuffer()
        for try await var part in body {
            guard buffer.readableBytes + part.readableBytes <= Self.maximumJSONSize else {
                throw APIError(.contentTooLarge, "The JSON body exceeds \(Self.maximumJSONSize) bytes.")
            }
            if buffer.readableBytes == 0 { buffer = part } else { buffer.writeBuffer(&part) }
        }
        do throws(JSONParsingError) {
            return try JSONValue.parse(buffer.readableBytesView)
        } catch {
            throw APIError.badRequest("Malformed JSON in request body: \(error).")
        }
    }
}
