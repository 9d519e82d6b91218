import Testing

@testable import ImageFormat

/// Images made by hand, as small as their format allows.
enum Handmade {
    static func put(_ bytes: [UInt8], at offset: Int, in image: inout [UInt8]) {
        if image.count < offset + bytes.count {
            image += [UInt8](repeating: 0, count: offset + bytes.count - image.count)
        }
        image.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }

    static func big(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * (width - 1 - $0))) }
    }

    static func little(_ value: UInt64, _ width: Int) -> [UInt8] { big(value, width).reversed() }

    static func qcow(version: UInt64 = 3, backing: UInt64 = 0, size: UInt64 = 1 << 30, features: UInt64 = 0) -> [UInt8]
    {
        var image = [UInt8](repeating: 0, count: 4096)
        put(Array("QFI".utf8) + [0xFB] + big(version, 4) + big(backing, 8), at: 0, in: &image)
        put(big(16, 4) + big(size, 8), at: 20, in: &image)
        put(big(features, 8), at: 72, in: &image)
        return image
    }

    static func iso(blocks: UInt64 = 100, type: UInt8 = 1, mark: String = "CD001") -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 40960)
        put([type] + Array(mark.utf8), at: 32768, in: &image)
        put(little(blocks, 4), at: 32768 + 80, in: &image)
        put(little(2048, 2), at: 32768 + 128, in: &image)
        return image
    }

    /// A partition table with a protective partition.
    static func gpt() -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 4096)
        put([0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF] + little(1, 4) + little(99, 4), at: 446, in: &image)
        put([0x55, 0xAA], at: 510, in: &image)
        return image
    }

    static func luks(version: UInt64 = 1, payload: UInt64 = 4) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 8192)
        put(Array("LUKS".utf8) + [0xBA, 0xBE] + big(version, 2), at: 0, in: &image)
        put(big(payload, 4), at: 104, in: &image)
        return image
    }

    static func vdi(type: UInt64 = 1, size: UInt64 = 1 << 30) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 4096)
        put(little(0xBEDA_107F, 4), at: 0x40, in: &image)
        put(little(type, 4), at: 0x4C, in: &image)
        put(little(size, 8), at: 0x170, in: &image)
        return image
    }

    static func footer(type: UInt64, size: UInt64) -> [UInt8] {
        var footer = [UInt8](repeating: 0, count: 512)
        put(Array("conectix".utf8), at: 0, in: &footer)
        put(big(size, 8) + big(size, 8), at: 40, in: &footer)
        put(big(type, 4), at: 60, in: &footer)
        return footer
    }

    static let virtualDiskSize: [UInt8] = [
        0x24, 0x42, 0xA5, 0x2F, 0x1B, 0xCD, 0x76, 0x48, 0xB2, 0x11, 0x5D, 0xBE, 0xD8, 0x3B, 0xF4, 0xB8,
    ]
    static let parentLocator: [UInt8] = [
        0x2D, 0x5F, 0xD3, 0xA8, 0x0B, 0xB3, 0x4D, 0x45, 0xAB, 0xF7, 0xD3, 0xD8, 0x48, 0x34, 0xAB, 0x0C,
    ]

    /// - Parameter items: of the metadata, with their offsets.
    static func vhdx(
        metadata: UInt64 = 1 << 20, items: [(guid: [UInt8], offset: UInt64)] = [(virtualDiskSize, 65536)],
        size: UInt64 = 1 << 30
    ) -> [UInt8] {
        var image = [UInt8](repeating: 0, count: 1 << 20 + 128 << 10)
        put(Array("vhdxfile".utf8), at: 0, in: &image)
        put(Array("regi".utf8) + little(0, 4) + little(1, 4), at: 192 << 10, in: &image)
        put(
            [0x06, 0xA2, 0x7C, 0x8B, 0x90, 0x47, 0x9A, 0x4B, 0xB8, 0xFE, 0x57, 0x5F, 0x05, 0x0F, 0x88, 0x6E]
                + little(metadata, 8), at: 192 << 10 + 16, in: &image)
        put(Array("metadata".utf8) + [0, 0] + little(UInt64(items.count), 2), at: 1 << 20, in: &image)
        for (index, item) in items.enumerated() {
            put(item.guid + little(item.offset, 4) + little(8, 4), at: 1 << 20 + 32 + 32 * index, in: &image)
        }
        put(little(size, 8), at: 1 << 20 + 65536, in: &image)
        return image
    }

    static let description = """
        # Disk DescriptorFile
        version=1
        CID=cafebabe
        parentCID=ffffffff
        createType="monolithicSparse"

        # Extent description
        RW 2048 SPARSE "disk.vmdk"

        # The Disk Data Base
        #DDB

        ddb.virtualHWVersion = "4"
        ddb.adapterType = "ide"
        """

    static func vmdk(
        _ description: String = description, version: UInt64 = 1, capacity: UInt64 = 2048, sector: UInt64 = 1,
        sectors: UInt64 = 20, footer: Bool = false
    ) -> [UInt8] {
        var header = [UInt8](repeating: 0, count: 512)
        put(Array("KDMV".utf8) + little(version, 4) + little(3, 4), at: 0, in: &header)
        put(little(capacity, 8) + little(128, 8) + little(sector, 8) + little(sectors, 8), at: 12, in: &header)
        put(little(512, 4) + little(0, 8) + little(footer ? .max : 26, 8), at: 44, in: &header)
        var image = header
        put(Array(description.utf8), at: 512, in: &image)
        put([0], at: 20479, in: &image)
        guard footer else { return image }
        var marker = [UInt8](repeating: 0, count: 512)
        put(little(1, 8) + little(0, 4) + little(3, 4), at: 0, in: &marker)
        put(little(26, 8), at: 56, in: &header)
        return image + marker + header + [UInt8](repeating: 0, count: 512)
    }
}

/// What comes out of bytes that come in one block.
func content(_ bytes: [UInt8], declared: String? = nil) -> ImageContent {
    var inspection = ContentInspection(declared: declared)
    bytes.withUnsafeBytes { inspection.consume($0) }
    return inspection.finish()
}

/// What comes out of bytes that come in blocks of these lengths, by turns.
func content(_ bytes: [UInt8], declared: String? = nil, blocks: [Int]) -> ImageContent {
    var inspection = ContentInspection(declared: declared)
    bytes.withUnsafeBytes { bytes in
        var (start, turn) = (0, 0)
        while start < bytes.count {
            let end = min(bytes.count, start + blocks[turn % blocks.count])
            inspection.consume(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            (start, turn) = (end, turn + 1)
        }
    }
    return inspection.finish()
}

extension InspectionRules {
    /// As they are unless the operator wants it otherwise.
    static let standard = InspectionRules(
        requiresMatch: true, vmdkTypes: ["streamOptimized", "monolithicSparse"], toleratedChecks: [])

    func judge(_ bytes: [UInt8], as declared: String) throws(InspectionRefusal) -> Acceptance {
        try judge(content(bytes, declared: declared), declared: declared)
    }
}
