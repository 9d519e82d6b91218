import CZlib

/// Unpacks what the gzip stage packed.
enum Gunzip {
    struct Failure: Error {
        let status: CInt
    }

    static func text(_ bytes: [UInt8]) throws -> String {
        var stream = z_stream()
        inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
        defer { inflateEnd(&stream) }
        var input = bytes
        var output: [UInt8] = []
        var status = Z_OK
        input.withUnsafeMutableBufferPointer { input in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            var chunk = [UInt8](repeating: 0, count: 65536)
            while status == Z_OK {
                chunk.withUnsafeMutableBufferPointer { chunk in
                    stream.next_out = chunk.baseAddress
                    stream.avail_out = UInt32(chunk.count)
                    status = inflate(&stream, Z_NO_FLUSH)
                    output += chunk.prefix(chunk.count - Int(stream.avail_out))
                }
            }
        }
        guard status == Z_STREAM_END else { throw Failure(status: status) }
        return String(decoding: output, as: UTF8.self)
    }
}
