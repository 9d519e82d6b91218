/// VMware's disks that are one file: a header, a description in words, the data, and with some a footer, which then counts
/// instead of the header. And files that are only a description of others.
struct VMDKInspector: FormatInspector {
    private enum State {
        case mark, header
        case description(VMDKHeader)
        /// Nothing but text so far; and how much of it is wanted.
        case text(count: Int)
        case complete(VMDKHeader, VMDKDescription)
        case damaged(SafetyFailure)
        case refuted
    }

    private static let sector = 512
    /// QEMU takes no longer ones.
    private static let longestDescription = 1 << 20 - 1
    private static let footerSize = 3 * sector

    private var state = State.mark

    var wanted: ByteRange? {
        switch state {
        case .mark: ByteRange(offset: 0, count: 4)
        case .header: ByteRange(offset: 0, count: Self.sector)
        case .description(let header): ByteRange(offset: UInt64(Self.sector), count: header.descriptionSize)
        case .text(let count): ByteRange(offset: 0, count: count)
        case .complete, .damaged, .refuted: nil
        }
    }

    var tail: Int {
        switch state {
        case .description(let header), .complete(let header, _): header.hasFooter ? Self.footerSize : 0
        default: 0
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        switch state {
        case .mark:
            if bytes == VMDKHeader.mark {
                state = .header
            } else {
                state = VMDKDescription.isText(bytes) ? .text(count: Self.sector) : .refuted
            }
        case .header: take(VMDKHeader(HeaderBytes(bytes)))
        case .description(let header): state = .complete(header, VMDKDescription(bytes))
        case .text(Self.sector):
            state = VMDKDescription.isText(bytes) ? .text(count: Self.longestDescription) : .refuted
        case .text: state = Self.described(bytes)
        case .complete, .damaged, .refuted: break
        }
    }

    private mutating func take(_ header: VMDKHeader) {
        guard 1...3 ~= header.version else {
            state = .damaged(SafetyFailure(.version, "This version of the format is not supported."))
            return
        }
        guard header.descriptionSector == 1, header.descriptionSize > 0 else {
            state = .damaged(SafetyFailure(.descriptor, "The description is missing, or not behind the header."))
            return
        }
        state = .description(header)
    }

    /// Text that describes a disk in other files.
    private static func described(_ bytes: [UInt8]) -> State {
        VMDKDescription(bytes).isAlone
            ? .damaged(SafetyFailure(.descriptor, "The image only describes other files.")) : .refuted
    }

    func finding(rest: [UInt8], tail: [UInt8], size: Int64) -> FormatFinding? {
        switch state {
        case .mark, .refuted: return nil
        case .header, .description: return .incomplete(.vmdk)
        case .text:
            guard case .damaged(let failure) = Self.described(rest) else { return nil }
            return .complete(.vmdk, [failure])
        case .damaged(let failure): return .complete(.vmdk, [failure])
        case .complete(let header, let description):
            // What the header is compared with lies behind it.
            guard !header.hasFooter || size >= Self.sector + Self.footerSize else { return .incomplete(.vmdk) }
            var failures: [SafetyFailure] = []
            if let flaw = description.flaw { failures.append(SafetyFailure(.descriptor, flaw)) }
            if header.capacity == 0 {
                failures.append(SafetyFailure(.header, "Without a size, only what is described would count."))
            }
            if header.hasFooter, let flaw = Self.flaw(of: tail, header) {
                failures.append(SafetyFailure(.footer, flaw))
            }
            let (bytes, overflow) = header.capacity.multipliedReportingOverflow(by: UInt64(Self.sector))
            return .complete(
                .vmdk, subformat: description.createType, virtualSize: overflow ? .max : bytes, failures)
        }
    }

    /// A marker, the footer, and the mark of the end, a sector each.
    private static func flaw(of tail: [UInt8], _ header: VMDKHeader) -> String? {
        let marker = HeaderBytes(Array(tail.prefix(sector)))
        let footer = VMDKHeader(HeaderBytes(Array(tail.dropFirst(sector).prefix(sector))))
        let end = HeaderBytes(Array(tail.suffix(sector)))
        guard marker.little32(8) == 0, marker.little32(12) == 3, marker.isZero(16..<sector) else {
            return "The marker of the footer is invalid."
        }
        guard footer.hasMark, footer.isLike(header) else { return "The footer is not like the header." }
        guard !footer.hasFooter else { return "The footer refers to another footer." }
        guard end.isZero(0..<sector) else { return "The mark of the end is invalid." }
        return nil
    }
}
