import CZlib

/// zlib's inflate for a stream of any length, with memory that does not depend on it.
final class Inflater {
    enum Format {
        /// With header and check sum (RFC 1952).
        case gzip
        /// Nothing but the compressed data (RFC 1951).
        case raw
    }

    private let stream: UnsafeMutablePointer<z_stream>

    init(_ format: Format) throws(ImportPluginError) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let bits: Int32 = format == .gzip ? 15 + 16 : -15
        guard inflateInit2_(stream, bits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw .file(12)
        }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    struct Step {
        var consumed: Int
        var produced: Int
        /// The compressed data have ended.
        var isAtEnd: Bool
    }

    /// Begins another stream.
    func reset() { inflateReset(stream) }

    /// Takes input and makes output until one of the buffers is used up.
    func step(
        _ input: UnsafeMutableRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
    ) throws(ImportPluginError) -> Step {
        stream.pointee.next_in = input.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_in = UInt32(input.count)
        stream.pointee.next_out = output.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.pointee.avail_out = UInt32(output.count)
        let status = inflate(stream, Z_NO_FLUSH)
        guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(status) else { throw .damaged("they cannot be unpacked") }
        return Step(
            consumed: input.count - Int(stream.pointee.avail_in),
            produced: output.count - Int(stream.pointee.avail_out), isAtEnd: status == Z_STREAM_END)
    }
}
