/// Numbers and marks at fixed places of a header. What lies behind its end is zero.
struct HeaderBytes: Sendable {
    let bytes: [UInt8]

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    subscript(_ offset: Int) -> UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    func has(_ mark: [UInt8], at offset: Int = 0) -> Bool {
        offset + mark.count <= bytes.count && bytes[offset..<offset + mark.count].elementsEqual(mark)
    }

    func isZero(_ range: Range<Int>) -> Bool { range.allSatisfy { self[$0] == 0 } }

    func big16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: big(offset, 2)) }
    func big32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: big(offset, 4)) }
    func big64(_ offset: Int) -> UInt64 { big(offset, 8) }
    func little16(_ offset: Int) -> UInt16 { UInt16(truncatingIfNeeded: little(offset, 2)) }
    func little32(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: little(offset, 4)) }
    func little64(_ offset: Int) -> UInt64 { little(offset, 8) }

    private func big(_ offset: Int, _ width: Int) -> UInt64 {
        (offset..<offset + width).reduce(0) { $0 << 8 | UInt64(self[$1]) }
    }

    private func little(_ offset: Int, _ width: Int) -> UInt64 {
        (offset..<offset + width).reversed().reduce(0) { $0 << 8 | UInt64(self[$1]) }
    }
}
