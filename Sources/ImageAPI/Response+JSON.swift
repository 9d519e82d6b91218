import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension Response {
    /// An answer with a JSON body that `write` writes.
    static func json(
        _ status: HTTPResponse.Status = .ok, headers: HTTPFields = [:], capacity: Int = 1024,
        _ write: (inout JSONWriter) throws -> Void
    ) rethrows -> Response {
        var writer = JSONWriter(capacity: capacity)
        try write(&writer)
        var headers = headers
        headers[.contentType] = "application/json"
        return Response(
            status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: writer.bytes)))
    }

    /// An answer without a body (204, 202), with the content type that WebOb leaves on those.
    static func empty(_ status: HTTPResponse.Status, headers: HTTPFields = [:]) -> Response {
        var headers = headers
        headers[.contentType] = "text/html; charset=UTF-8"
        headers[.contentLength] = "0"
        return Response(status: status, headers: headers)
    }
}
