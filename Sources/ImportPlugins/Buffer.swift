/// Memory for one pass over a file.
final class Buffer {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)

    deinit { bytes.deallocate() }
}
