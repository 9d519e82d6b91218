import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension APIError {
    /// The answer in the form that `Accept` asks for, with the layout of WebOb's exceptions: clients of Glance show these
    /// texts, some cut the message out of the HTML.
    func response(to request: Request) -> Response {
        var headers = headers
        let text: String
        if request.method == .head {
            text = ""
            headers[.contentType] = "text/html; charset=UTF-8"
        } else {
            let body = rendered(
                ErrorFormat(accept: request.headers[.accept]), method: request.method.rawValue,
                requestType: request.headers[.contentType])
            headers[.contentType] = body.contentType
            text = body.text
        }
        return Response(
            status: HTTPResponse.Status(code: status.code, reasonPhrase: title), headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// The body in a form.
    ///
    /// - Parameters:
    ///   - method: of the request.
    ///   - requestType: media type of the request's body.
    func rendered(
        _ format: ErrorFormat, method: String, requestType: String? = nil
    ) -> (contentType: String, text: String) {
        let line = "\(status.code) \(title)"
        func body(_ escaped: (String) -> String) -> String {
            self.body(method: method, requestType: requestType ?? "", escaped: escaped)
        }
        switch format {
        case .html:
            let text = """
                <html>
                 <head>
                  <title>\(line)</title>
                 </head>
                 <body>
                  <h1>\(line)</h1>
                  \(body(Self.escapeHTML))
                 </body>
                </html>
                """
            return ("text/html; charset=UTF-8", text)
        case .plain:
            return ("text/plain; charset=UTF-8", "\(line)\n\n\(Self.stripTags(body { $0 }))")
        case .json:
            var writer = JSONWriter(capacity: 256)
            writer.object { writer in
                writer.field("message", body { $0 })
                writer.field("code", line)
                writer.field("title", title)
            }
            return ("application/json", String(decoding: writer.bytes, as: UTF8.self))
        }
    }

    /// WebOb's templates: nearly all statuses share one, three have their own.
    private func body(method: String, requestType: String, escaped: (String) -> String) -> String {
        switch status.code {
        case 405:
            "The method \(escaped(method)) is not allowed for this resource. <br /><br />\n"
        case 415:
            """
            The request media type \(escaped(requestType)) is not supported by this server.
            <br /><br />
            \(escaped(message))
            """
        case 501:
            "\nThe request method \(escaped(method)) is not implemented for this server. <br /><br />\n"
        default:
            "\(escaped(message.isEmpty ? explanation : message))<br /><br />\n\n\n"
        }
    }

    /// Reason phrase, in the words that OpenStack's services have always used.
    private var title: String {
        switch status.code {
        case 413: "Request Entity Too Large"
        case 416: "Request Range Not Satisfiable"
        default: status.reasonPhrase
        }
    }

    /// What an error says that has no text of its own.
    private var explanation: String {
        switch status.code {
        case 400: "The request is malformed."
        case 401: "This request needs a valid token."
        case 403: "Access was denied to this resource."
        case 404: "The resource could not be found."
        case 500: "The server has either erred or is incapable of performing the requested operation."
        case 503: "The server is currently unavailable. Please try again at a later time."
        default: status.reasonPhrase
        }
    }

    /// Escapes text for HTML; everything outside ASCII becomes a numeric reference.
    static func escapeHTML(_ text: String) -> String {
        var escaped = ""
        escaped.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#x27;"
            case _ where scalar.isASCII: escaped.unicodeScalars.append(scalar)
            default: escaped += "&#\(scalar.value);"
            }
        }
        return escaped
    }

    /// Makes plain text of a body: `<br>` is a new line, other tags vanish, new lines of the template are blanks.
    private static func stripTags(_ body: String) -> String {
        var plain: [UInt8] = []
        var rest = body.utf8[...]
        while let byte = rest.first {
            if byte == UInt8(ascii: "<"), let end = rest.firstIndex(of: UInt8(ascii: ">")) {
                if rest.dropFirst().starts(with: "br".utf8) { plain.append(UInt8(ascii: "\n")) }
                rest = rest[rest.index(after: end)...]
                continue
            }
            if byte != UInt8(ascii: "\r") { plain.append(byte == UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte) }
            rest = rest.dropFirst()
        }
        return String(decoding: plain, as: UTF8.self)
    }
}
