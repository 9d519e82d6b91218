import CZlib
import HTTPTypes
import Hummingbird
import NIOCore

/// Glance's filter `gzip`: compresses every body for clients that accept it. `Content-MD5` stays that of the data itself.
struct GzipStage: PipelineStage {
    func handle(
        _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = try await next(request, context)
        guard Self.accepts(request.headers[.acceptEncoding]), request.method != .head,
            response.body.contentLength != 0, response.headers[.contentEncoding] == nil,
            // A part of a compressed body would not be what the range asked for.
            response.status != .partialContent
        else { return response }
        let body = response.body
        response.headers[.contentEncoding] = "gzip"
        response.headers[.vary] = response.headers[.vary].map { "\($0),Accept-Encoding" } ?? "Accept-Encoding"
        response.body = ResponseBody { writer in
            try await body.write(GzipBodyWriter(next: writer, compressor: try GzipCompressor()))
        }
        response.headers[.contentLength] = nil
        // Other bytes than those that the tag stands for, and no part of these can be asked for.
        if let tag = response.headers[.eTag], !tag.hasPrefix("W/") { response.headers[.eTag] = "W/" + tag }
        response.headers[.acceptRanges] = nil
        return response
    }

    /// Whether `Accept-Encoding` names gzip without refusing it (RFC 9110, section 12.5.3).
    static func accepts(_ header: String?) -> Bool {
        guard let header else { return false }
        for element in header.split(separator: ",") {
            let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            guard let coding = parts.first, coding == "gzip" || coding == "x-gzip" else { continue }
            let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return quality > 0
        }
        return false
    }
}

/// Compresses what passes on its way to the connection.
private struct GzipBodyWriter: ResponseBodyWriter {
    var next: any ResponseBodyWriter
    let compressor: GzipCompressor

    @concurrent mutating func write(_ buffer: ByteBuffer) async throws {
        let compressed = try compressor.compress(buffer)
        if compressed.readableBytes > 0 { try await next.write(compressed) }
    }

    @concurrent consuming func finish(_ trailingHeaders: HTTPFields?) async throws {
        try await next.write(try compressor.finish())
        try await next.finish(trailingHeaders)
    }
}

/// A gzip stream (RFC 1952). One task at a time writes to it.
private final class GzipCompressor: @unchecked Sendable {
    private var stream = z_stream()

    init() throws {
        // 15 bits of window, and 16 for the gzip header.
        guard
            deflateInit2_(
                &stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                CInt(MemoryLayout<z_stream>.size)) == Z_OK
        else { throw APIError(.internalServerError) }
    }

    deinit {
        deflateEnd(&stream)
    }

    func compress(_ buffer: ByteBuffer) throws -> ByteBuffer {
        try run(buffer, flush: Z_NO_FLUSH)
    }

    func finish() throws -> ByteBuffer {
        try run(ByteBuffer(), flush: Z_FINISH)
    }

    private func run(_ input: ByteBuffer, flush: CInt) throws -> ByteBuffer {
        var output = ByteBuffer()
        try input.withUnsafeReadableBytes { bytes in
            // zlib never writes through next_in, its type merely lacks the const.
            stream.next_in = UnsafeMutablePointer(
                mutating: bytes.baseAddress?.assumingMemoryBound(to: UInt8.self))
            stream.avail_in = UInt32(bytes.count)
            var isFull = true
            while isFull {
                let room = 16384
                try output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { space in
                    stream.next_out = space.baseAddress?.assumingMemoryBound(to: UInt8.self)
                    stream.avail_out = UInt32(room)
                    let status = deflate(&stream, flush)
                    guard status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR else {
                        throw APIError(.internalServerError)
                    }
                    return room - Int(stream.avail_out)
                }
                isFull = stream.avail_out == 0
            }
        }
        return output
    }
}
