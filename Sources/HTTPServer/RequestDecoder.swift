import NIOCore
import NIOHTTP1

/// NIO's HTTP/1 decoder that also tells a request target that is too long from other oversized heads, and a method that
/// it does not know from what is no request at all.
struct RequestDecoder: ByteToMessageDecoder {
    typealias InboundOut = HTTPServerRequestPart

    private let decoder: HTTPRequestDecoder

    init(options: HTTPListenerOptions) {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = max(options.maxHeaderLine, options.maxRequestTarget)
        limits.maxHeaderListSize = options.maxHeaderBlock
        decoder = HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: limits)
    }

    func decoderAdded(context: ChannelHandlerContext) { decoder.decoderAdded(context: context) }

    func decoderRemoved(context: ChannelHandlerContext) { decoder.decoderRemoved(context: context) }

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        do {
            return try decoder.decode(context: context, buffer: &buffer)
        } catch let error as HTTPParserError where error != .invalidEOFState {
            throw Self.refusal(error, buffer.readableBytesView)
        }
    }

    /// - Parameter bytes: what the decoder has not understood.
    private static func refusal(_ error: HTTPParserError, _ bytes: ByteBufferView) -> HTTPRefusal {
        let reason: MalformedRequest =
            switch error {
            case .headerOverflow: isRequestLine(bytes) ? .targetTooLong : .headerTooLong
            case .invalidMethod where namesMethod(bytes): .method
            case .invalidVersion: .version
            case .invalidURL, .invalidPath, .invalidQueryString, .invalidFragment: .target
            case .invalidContentLength, .unexpectedContentLength: .contentLength
            default: .syntax
            }
        return HTTPRefusal(reason, accept: accept(bytes), isHead: bytes.starts(with: "HEAD ".utf8))
    }

    /// The value of the line `Accept`, if it can be found in what was not understood.
    private static func accept(_ bytes: ByteBufferView) -> String? {
        let name = "accept:"
        // Nobody's Accept stands further behind, and this is only a courtesy.
        for line in bytes.prefix(16384).split(separator: UInt8(ascii: "\n")) {
            if line.isEmpty || line.elementsEqual("\r".utf8) { return nil }
            guard line.count > name.utf8.count,
                line.prefix(name.utf8.count).elementsEqual(name.utf8, by: { $0 | 0x20 == $1 || $0 == $1 })
            else { continue }
            return String(decoding: line.dropFirst(name.utf8.count), as: UTF8.self)
                .split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return nil
    }

    mutating func decodeLast(
        context: ChannelHandlerContext, buffer: inout ByteBuffer, seenEOF: Bool
    ) throws -> DecodingState {
        try decoder.decodeLast(context: context, buffer: &buffer, seenEOF: seenEOF)
    }

    /// Whether the decoder stumbled over a request target: what it still holds has no line end, and starts with a
    /// target or a method in front of one.
    private static func isRequestLine(_ bytes: ByteBufferView) -> Bool {
        guard !bytes.contains(UInt8(ascii: "\n")) else { return false }
        let first = bytes.prefix { $0 != UInt8(ascii: " ") }
        return bytes.first == UInt8(ascii: "/") || first.starts(with: "http".utf8)
            || (first.count < bytes.count && first.allSatisfy { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
    }

    /// Whether what the decoder stumbled over is a request line, so that only its method is unknown.
    private static func namesMethod(_ bytes: ByteBufferView) -> Bool {
        let words = bytes.prefix { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
            .split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        return words.count == 3 && !words[0].isEmpty && words[2].starts(with: "HTTP/1.".utf8)
    }
}
