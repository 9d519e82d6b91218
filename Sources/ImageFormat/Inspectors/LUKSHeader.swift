/// Encrypted disks.
enum LUKSHeader: HeaderLayout {
    static let format = DiskFormat.luks
    static let mark = ByteRange(offset: 0, count: 6)
    static let headerSize = 592

    static func hasMark(_ bytes: HeaderBytes) -> Bool { bytes.has(Array("LUKS".utf8) + [0xBA, 0xBE]) }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        let version = header.big16(6)
        guard version == 1 else {
            return .complete(.luks, [SafetyFailure(.version, "Version \(version) of LUKS is not supported.")])
        }
        let payload = Int64(header.big32(104)) * 512
        guard payload <= size else { return .incomplete(.luks) }
        return .complete(.luks, virtualSize: UInt64(size - payload))
    }
}

typealias LUKSInspector = HeaderInspector<LUKSHeader>
