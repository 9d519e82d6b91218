/// QED, which nobody supports.
enum QEDHeader: HeaderLayout {
    static let format = DiskFormat.qed
    static let mark = ByteRange(offset: 0, count: 4)
    static let headerSize = 4

    static func hasMark(_ bytes: HeaderBytes) -> Bool { bytes.has(Array("QED\0".utf8)) }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        .complete(.qed, [SafetyFailure(.banned, "QED images are not allowed.")])
    }
}

typealias QEDInspector = HeaderInspector<QEDHeader>
