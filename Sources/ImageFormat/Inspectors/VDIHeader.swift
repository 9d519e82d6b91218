/// VirtualBox's disks.
enum VDIHeader: HeaderLayout {
    static let format = DiskFormat.vdi
    static let mark = ByteRange(offset: 0, count: 68)
    static let headerSize = 512

    static func hasMark(_ bytes: HeaderBytes) -> Bool { bytes.little32(0x40) == 0xBEDA_107F }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        var failures: [SafetyFailure] = []
        // Growing and fixed ones; the others are the differences to a parent.
        if ![1, 2].contains(header.little32(0x4C)) || !header.isZero(0x1A8..<0x1B8) {
            failures.append(SafetyFailure(.backingFile, "The image has a parent."))
        }
        return .complete(.vdi, virtualSize: header.little64(0x170), failures)
    }
}

typealias VDIInspector = HeaderInspector<VDIHeader>
