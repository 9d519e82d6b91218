/// ISO 9660 and UDF: the first volume descriptor.
enum ISOHeader: HeaderLayout {
    static let format = DiskFormat.iso
    /// Behind the sixteen sectors that are the system's.
    static let mark = ByteRange(offset: 16 * 2048, count: 6)
    static let headerSize = 2048

    static func hasMark(_ bytes: HeaderBytes) -> Bool {
        ["CD001", "NSR02", "NSR03"].contains { bytes.has(Array($0.utf8), at: 1) }
    }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        // Only a primary descriptor has sizes.
        guard header[0] == 1 else { return .complete(.iso) }
        let blocks = UInt64(header.little32(80))
        let blockSize = UInt64(header.little16(128))
        return .complete(.iso, virtualSize: blocks * blockSize)
    }
}

typealias ISOInspector = HeaderInspector<ISOHeader>
