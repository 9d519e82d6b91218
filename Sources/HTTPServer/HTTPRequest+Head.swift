import HTTPTypes
import NIOHTTP1

extension HTTPRequest {
    /// The request of a decoded head: `Host` becomes the authority, an absolute target its path (RFC 9112 section 3.2).
    init(_ head: HTTPRequestHead, limits: HTTPListenerOptions) throws(MalformedRequest) {
        guard head.uri.utf8.count <= limits.maxRequestTarget else { throw .targetTooLong }
        guard let method = HTTPRequest.Method(head.method.rawValue) else { throw .syntax }
        guard method != .connect else { throw .upgradeToTunnel }
        var host: String?
        var fields = HTTPFields()
        fields.reserveCapacity(head.headers.count)
        for (name, text) in head.headers {
            let value = Self.withoutBlanksAtEnd(text)
            guard name.utf8.count + value.utf8.count <= limits.maxHeaderLine else { throw .headerTooLong }
            guard let name = HTTPField.Name(name), HTTPField.isValidValue(value) else { throw .syntax }
            switch name {
            case Self.host:
                guard host == nil else { throw .syntax }
                host = value
            case .transferEncoding:
                // Whoever speaks 1.0 knows no codings: somebody on the way may see another end (RFC 9112 section 6.1).
                guard head.version != .http1_0 else { throw .syntax }
                guard value.lowercased() == "chunked" else { throw .transferCoding }
                fields.append(HTTPField(name: name, value: value))
            case .contentLength:
                guard let length = Int64(value), length >= 0 else { throw .contentLength }
                fields.append(HTTPField(name: name, value: value))
            case .expect:
                guard value.lowercased() == "100-continue" else { throw .expectation }
                fields.append(HTTPField(name: name, value: value))
            default:
                fields.append(HTTPField(name: name, value: value))
            }
        }
        guard host != nil || head.version == .http1_0 else { throw .syntax }
        var path = head.uri
        if path.first != "/" && path != "*" {
            guard let target = Self.absolute(path) else { throw .syntax }
            host = target.authority
            path = target.path
        }
        self.init(method: method, scheme: "http", authority: host, path: path, headerFields: fields)
    }

    private static let host = HTTPField.Name("Host")

    /// White space around a value is no part of it (RFC 9110 section 5.5); the decoder has dropped what is in front.
    private static func withoutBlanksAtEnd(_ value: String) -> String {
        guard let last = value.utf8.last, last == 0x20 || last == 0x09 else { return value }
        let rest = value.utf8.reversed().drop { $0 == 0x20 || $0 == 0x09 }
        return String(Substring(value.utf8.prefix(rest.count)))
    }

    /// Parts of `http://authority/path?query`; nothing if it is none.
    private static func absolute(_ target: String) -> (authority: String, path: String)? {
        for scheme in ["http://", "https://"] where target.lowercased().hasPrefix(scheme) {
            let rest = target.dropFirst(scheme.count)
            let authority = rest.prefix { $0 != "/" && $0 != "?" }
            guard !authority.isEmpty else { return nil }
            let path = rest.dropFirst(authority.count)
            return (String(authority), path.first == "/" ? String(path) : "/" + path)
        }
        return nil
    }
}
