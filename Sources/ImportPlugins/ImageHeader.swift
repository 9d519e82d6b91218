/// A cautious look at the first bytes of an image, before `qemu-img` may: which format it has, and whether it names other
/// files, which a tool would open (CVE-2015-5163, CVE-2022-47951, CVE-2024-32498).
///
/// Sources: the formats' own specifications: QEMU's docs/interop/qcow2.txt, VMware's Virtual Disk Format 5.0, Microsoft's
/// Virtual Hard Disk Image Format Specification, ECMA-119.
public enum ImageHeader {
    /// Glance's name of the format that the file has; what has none is `raw`.
    ///
    /// - Parameter format: that it is said to have. It decides only where the format stands at the end of the file.
    /// - Throws: ``ImportPluginError/refused(_:)`` for an image that must not be worked on.
    @Sendable public static func inspect(_ path: String, _ format: String) throws(ImportPluginError) -> String {
        let file = try InputFile(path)
        let head = Bytes(try file.bytes(at: 0, count: 64 << 10))
        var found: [String] = []
        if head.has("QFI\u{fb}", at: 0) {
            try checkQCOW(head)
            found.append("qcow2")
        }
        if head.has("QED\0", at: 0) { throw .refused("QED images are not allowed.") }
        if head.has("KDMV", at: 0) {
            try checkVMDK(head, file)
            found.append("vmdk")
        }
        if head.has("# Disk DescriptorFile", at: 0) {
            throw .refused("A VMDK that only describes other files is not allowed.")
        }
        if head.has("conectix", at: 0) {
            try checkVHD(head, at: 0)
            found.append("vhd")
        } else if format == "vhd", file.size >= 512 {
            // A fixed one has nothing but its footer.
            let footer = Bytes(try file.bytes(at: file.size - 512, count: 512))
            if footer.has("conectix", at: 0) {
                try checkVHD(footer, at: 0)
                found.append("vhd")
            }
        }
        if head.has("vhdxfile", at: 0) { found.append("vhdx") }
        if head.has("\u{7f}\u{10}\u{da}\u{be}", at: 0x40) { found.append("vdi") }
        if head.has("LUKS\u{ba}\u{be}", at: 0) { found.append("luks") }
        if head.has("WithoutFreeSpace", at: 0) || head.has("WithouFreSpacExt", at: 0) { found.append("ploop") }
        if head.has("CD001", at: 0x8001) { found.append("iso") }
        guard found.count <= 1 else { throw .refused("The image has several formats at once.") }
        return found.first ?? "raw"
    }

    private static func checkQCOW(_ head: Bytes) throws(ImportPluginError) {
        let version = head.big(4, 4)
        guard version == 2 || version == 3, head.bytes.count >= 72 else {
            throw .refused("The version of the qcow2 image is not supported.")
        }
        guard head.big(8, 8) == 0 else { throw .refused("Images with a backing file are not allowed.") }
        guard version == 3 else { return }
        let features = head.big(72, 8)
        if features & 1 << 2 != 0 { throw .refused("Images with an external data file are not allowed.") }
        // Dirty, corrupt, compression type, extended entries.
        guard features & ~0b11011 == 0 else { throw .refused("The qcow2 image has features that are not known.") }
    }

    private static func checkVMDK(_ head: Bytes, _ file: InputFile) throws(ImportPluginError) {
        let other = ImportPluginError.refused("A VMDK that refers to other files is not allowed.")
        // Without a capacity, only the description counts.
        guard head.bytes.count >= 512, head.little(12, 8) > 0 else { throw other }
        if head.little(56, 8) == .max {
            // The header that counts stands at the end. It has to be the same, but for where its tables are.
            guard file.size >= 1536 else { throw other }
            let footer = Bytes(try file.bytes(at: file.size - 1024, count: 512))
            guard footer.bytes.count == 512, footer.bytes[..<56] == head.bytes[..<56],
                footer.bytes[64...] == head.bytes[64..<512]
            else { throw other }
        }
        let (sector, sectors) = (head.little(28, 8), head.little(36, 8))
        guard sector > 0, sector < 1 << 20, 1...2048 ~= sectors else { throw other }
        let text = String(
            decoding: try file.bytes(at: Int64(sector) * 512, count: Int(sectors) * 512).prefix { $0 != 0 },
            as: UTF8.self)
        // One extent, in this very file.
        let extents = text.split(whereSeparator: \.isNewline).filter { line in
            ["RW ", "RDONLY ", "NOACCESS "].contains { line.drop(while: \.isWhitespace).hasPrefix($0) }
        }
        guard extents.count == 1, let extent = extents.first, !extent.contains("/"), !extent.contains("\\"),
            extent.split(whereSeparator: \.isWhitespace).dropFirst(2).first == "SPARSE"
        else { throw other }
    }

    private static func checkVHD(_ head: Bytes, at offset: Int) throws(ImportPluginError) {
        // Fixed or dynamic; a differencing one names its parent.
        guard [2, 3].contains(head.big(offset + 60, 4)) else {
            throw .refused("Images with a backing file are not allowed.")
        }
    }

    /// What lies behind the end is zero.
    private struct Bytes {
        let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func has(_ mark: String, at offset: Int) -> Bool {
            bytes.dropFirst(offset).starts(with: mark.unicodeScalars.map { UInt8($0.value) })
        }

        func big(_ offset: Int, _ width: Int) -> UInt64 {
            bytes.dropFirst(offset).prefix(width).reduce(0) { $0 << 8 | UInt64($1) }
        }

        func little(_ offset: Int, _ width: Int) -> UInt64 {
            bytes.dropFirst(offset).prefix(width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
