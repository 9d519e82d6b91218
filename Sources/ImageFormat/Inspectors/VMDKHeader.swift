/// The header of a sparse extent, one sector; a footer has the same form.
struct VMDKHeader: Sendable, Equatable {
    static let mark = Array("KDMV".utf8)

    let hasMark: Bool
    let version: UInt32
    /// Sectors of the disk.
    let capacity: UInt64
    /// Where the description begins.
    let descriptionSector: UInt64
    private let descriptionSectors: UInt64
    /// Whether the header that counts is at the end of the file.
    let hasFooter: Bool

    init(_ bytes: HeaderBytes) {
        hasMark = bytes.has(Self.mark)
        version = bytes.little32(4)
        capacity = bytes.little64(12)
        descriptionSector = bytes.little64(28)
        descriptionSectors = bytes.little64(36)
        hasFooter = bytes.little64(56) == .max
    }

    /// Bytes; never more than QEMU takes, which is less than 1 MiB.
    var descriptionSize: Int { min(Int(min(descriptionSectors, 2048)) * 512, 1 << 20 - 1) }

    /// Whether both stand for the same disk.
    func isLike(_ other: VMDKHeader) -> Bool {
        version == other.version && capacity == other.capacity && descriptionSector == other.descriptionSector
            && descriptionSectors == other.descriptionSectors
    }
}
