import HTTPTypes
import NIOCore

/// How the end of a response body is told (RFC 9112 section 6), and what of it is still to come.
enum ResponseFraming: Equatable {
    /// No body at all: the answer to HEAD, 204, 304.
    case none
    /// `Content-Length`; the bytes that are missing.
    case length(Int64)
    case chunked
    /// HTTP/1.0 without a length: the end of the connection.
    case untilClose

    /// Counts `count` bytes of the body as sent.
    mutating func consume(_ count: Int) throws(ResponseError) {
        guard case .length(let left) = self else { return }
        guard count <= left else { throw .bodyTooLong }
        self = .length(left - Int64(count))
    }
}

/// Writes the head of a response.
struct ResponseHeadEncoder {
    var version10: Bool
    var isHead: Bool
    var keepAlive: Bool
    var date: String

    /// Appends the head of `response` to `buffer` and says how its body is framed. Framing and `Connection` are decided
    /// here, whatever the handler has set.
    func encode(_ response: HTTPResponse, into buffer: inout ByteBuffer) -> ResponseFraming {
        let code = response.status.code
        let length = response.headerFields[.contentLength].flatMap { Int64($0) }
        let framing: ResponseFraming
        if isHead || code == 204 || code == 304 || code < 200 {
            framing = .none
        } else if let length, length >= 0 {
            framing = .length(length)
        } else {
            framing = version10 ? .untilClose : .chunked
        }

        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString("\(code) ")
        buffer.writeString(response.status.reasonPhrase)
        buffer.writeStaticString("\r\n")
        var dated = false
        for field in response.headerFields {
            switch field.name {
            case .connection, .transferEncoding, .contentLength: continue
            case .date: dated = true
            default: break
            }
            buffer.writeString(field.name.rawName)
            buffer.writeStaticString(": ")
            buffer.writeString(field.value)
            buffer.writeStaticString("\r\n")
        }
        switch framing {
        case .length(let length):
            buffer.writeString("Content-Length: \(length)\r\n")
        case .none:
            // RFC 9110 section 8.6: what GET would send; never with 204, and an empty 304 knows no length.
            if let length, isHead && code != 204 || code == 304 && length > 0 {
                buffer.writeString("Content-Length: \(length)\r\n")
            }
        case .chunked: buffer.writeStaticString("Transfer-Encoding: chunked\r\n")
        case .untilClose: break
        }
        if !dated {
            buffer.writeStaticString("Date: ")
            buffer.writeString(date)
            buffer.writeStaticString("\r\n")
        }
        if !keepAlive || framing == .untilClose {
            buffer.writeStaticString("Connection: close\r\n")
        } else if version10 {
            buffer.writeStaticString("Connection: keep-alive\r\n")
        }
        buffer.writeStaticString("\r\n")
        return framing
    }
}
