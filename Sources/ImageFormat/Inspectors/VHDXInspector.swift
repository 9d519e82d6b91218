/// Hyper-V's disks: a table of regions, one of which has a table of what is known of the disk.
struct VHDXInspector: FormatInspector {
    private enum State {
        case mark, regions
        case metadata(offset: UInt64)
        case entries(offset: UInt64, count: Int)
        case size(offset: UInt64)
        case refuted
        case complete(size: UInt64)
        case damaged(SafetyFailure)
    }

    private var state = State.mark
    private var hasParent = false

    var wanted: ByteRange? {
        switch state {
        case .mark: ByteRange(offset: 0, count: 8)
        case .regions: ByteRange(offset: 192 << 10, count: 64 << 10)
        case .metadata(let offset): ByteRange(offset: offset, count: 32)
        case .entries(let offset, let count): ByteRange(offset: offset, count: 32 + 32 * count)
        case .size(let offset): ByteRange(offset: offset, count: 8)
        case .refuted, .complete, .damaged: nil
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        let bytes = HeaderBytes(bytes)
        switch state {
        case .mark: state = bytes.has(Array("vhdxfile".utf8)) ? .regions : .refuted
        case .regions: state = Self.metadata(in: bytes)
        case .metadata(let offset):
            let count = Int(bytes.little16(10))
            guard bytes.has(Array("metadata".utf8)), count < Self.mostEntries else {
                state = Self.damaged("The table of its metadata is damaged.")
                return
            }
            state = .entries(offset: offset, count: count)
            // An empty one is all here already.
            if count == 0 { take(bytes.bytes) }
        case .entries(let offset, let count): (state, hasParent) = Self.size(in: bytes, at: offset, count)
        case .size: state = .complete(size: bytes.little64(0))
        case .refuted, .complete, .damaged: break
        }
    }

    func finding(rest: [UInt8], tail: [UInt8], size: Int64) -> FormatFinding? {
        switch state {
        case .mark, .refuted: nil
        case .regions, .metadata, .entries, .size: .incomplete(.vhdx)
        case .damaged(let failure): .complete(.vhdx, [failure])
        case .complete(let size):
            .complete(
                .vhdx, virtualSize: size,
                hasParent ? [SafetyFailure(.backingFile, "The image has a parent.")] : [])
        }
    }

    private static let mostEntries = 2048

    private static func damaged(_ reason: String) -> State { .damaged(SafetyFailure(.header, reason)) }

    private static func metadata(in table: HeaderBytes) -> State {
        let count = Int(table.little32(8))
        guard table.has(Array("regi".utf8)), count < mostEntries else {
            return damaged("The table of its regions is damaged.")
        }
        for entry in (0..<count).map({ 16 + 32 * $0 }) where table.has(GUID.metadataRegion, at: entry) {
            let offset = table.little64(entry + 16)
            guard offset >= 1 << 20, offset < 1 << 62 else { return damaged("The table of its regions is damaged.") }
            return .metadata(offset: offset)
        }
        return damaged("It has no metadata.")
    }

    private static func size(in table: HeaderBytes, at offset: UInt64, _ count: Int) -> (State, hasParent: Bool) {
        let entries = (0..<count).map { 32 + 32 * $0 }
        let hasParent = entries.contains { table.has(GUID.parentLocator, at: $0) }
        for entry in entries where table.has(GUID.virtualDiskSize, at: entry) {
            let item = table.little32(entry + 16)
            // Items lie behind the table.
            guard item >= 64 << 10, table.little32(entry + 20) == 8 else { break }
            return (.size(offset: offset + UInt64(item)), hasParent)
        }
        return (damaged("It does not say how large the disk is."), hasParent)
    }

    /// As they stand in the file: the first three parts with their lowest byte first.
    private enum GUID {
        /// 8B7CA206-4790-4B9A-B8FE-575F050F886E
        static let metadataRegion: [UInt8] = [
            0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E,
        ]
        /// 2FA54224-CD1B-4876-B211-5DBED83BF4B8
        static let virtualDiskSize: [UInt8] = [
            0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
        ]
        /// A8D35F2D-B30B-454D-ABF7-D3D84834AB0C
        static let parentLocator: [UInt8] = [
            0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C,
        ]
    }
}
