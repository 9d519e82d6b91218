/// Partition tables: the master boot record, which protects a GUID partition table, too.
enum GPTHeader: HeaderLayout {
    static let format = DiskFormat.gpt
    static let mark = ByteRange(offset: 0, count: 512)
    static let headerSize = 512

    static func hasMark(_ bytes: HeaderBytes) -> Bool {
        bytes[510] == 0x55 && bytes[511] == 0xAA && !isFAT(bytes)
    }

    /// A FAT file system's boot sector has the same signature: two tables on a fixed disk.
    private static func isFAT(_ bytes: HeaderBytes) -> Bool { bytes[0x10] == 2 && bytes[0x15] == 0xF8 }

    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding {
        .complete(.gpt, virtualSize: UInt64(size), flaw(header).map { [SafetyFailure(.mbr, $0)] } ?? [])
    }

    private static func flaw(_ header: HeaderBytes) -> String? {
        var used: [Int] = []
        var protects = false
        for index in 0..<4 {
            let entry = 446 + 16 * index
            guard [0, 0x80].contains(header[entry]) else {
                return "Entry \(index + 1) of the partition table has an invalid boot flag."
            }
            let type = header[entry + 4]
            if type != 0 { used.append(index) }
            guard type == 0xEE else { continue }
            protects = true
            guard header[entry + 1] == 0, header[entry + 2] == 2, header[entry + 3] == 0 else {
                return "The protective partition begins at a wrong CHS address."
            }
            guard header.little32(entry + 8) == 1 else {
                return "The protective partition begins at a wrong block."
            }
        }
        if protects && used != [0] { return "There are further partitions beside the protective one." }
        return used.isEmpty ? "The partition table has no partitions." : nil
    }
}

typealias GPTInspector = HeaderInspector<GPTHeader>
