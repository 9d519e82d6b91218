/// qcow2, and its first version, whose disk has its size at the same place.
enum QCOWHeader: HeaderLayout {
    static let format = DiskFormat.qcow2
    static let mark = ByteRange(offset: 0, count: 4)
    /// One sector; those who read it always have more.
    static let headerSize = 512

    static func hasMark(_ bytes: HeaderBytes) -> Bool { bytes.has(Array("QFI".utf8) + [0xFB]) }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        var failures: [SafetyFailure] = []
        if header.big64(8) != 0 {
            failures.append(SafetyFailure(.backingFile, "The image has a backing file."))
        }
        switch header.big32(4) {
        case 2: break
        case 3:
            let features = header.big64(72)
            if features & externalData != 0 {
                failures.append(SafetyFailure(.dataFile, "The image has an external data file."))
            }
            if features & ~knownFeatures != 0 {
                failures.append(SafetyFailure(.unknownFeatures, "The image has features that are not known."))
            }
        default:
            failures.append(SafetyFailure(.unknownFeatures, "This version of the format is not supported."))
        }
        return .complete(.qcow2, virtualSize: header.big64(24), failures)
    }

    /// Incompatible features.
    private static let externalData: UInt64 = 1 << 2
    /// Dirty, corrupt, external data file, compression type. Extended entries are none of those that Glance and Nova know.
    private static let knownFeatures: UInt64 = 0b1111
}

typealias QCOWInspector = HeaderInspector<QCOWHeader>
