/// Virtual PC's disks. Growing ones have a copy of their footer at the beginning; fixed ones have nothing but the footer.
struct VHDInspector: FormatInspector {
    private enum State {
        case looking, matched, refuted
        case complete(HeaderBytes)
    }

    private static let format = DiskFormat.vhd
    private static let size = 512
    private static let mark = Array("conectix".utf8)

    private var state = State.looking
    /// Whether a footer alone counts.
    private let mayBeFixed: Bool

    init(mayBeFixed: Bool) { self.mayBeFixed = mayBeFixed }

    var tail: Int { mayBeFixed ? Self.size : 0 }

    var wanted: ByteRange? {
        switch state {
        case .looking: ByteRange(offset: 0, count: Self.mark.count)
        case .matched: ByteRange(offset: 0, count: Self.size)
        case .refuted, .complete: nil
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        switch state {
        case .looking: state = bytes == Self.mark ? .matched : .refuted
        default: state = .complete(HeaderBytes(bytes))
        }
    }

    func finding(rest: [UInt8], tail: [UInt8], size: Int64) -> FormatFinding? {
        switch state {
        case .matched: return .incomplete(.vhd)
        case .complete(let header): return Self.finding(header, isAlone: false, size: size)
        case .looking, .refuted:
            let footer = HeaderBytes(tail)
            guard mayBeFixed, tail.count == Self.size, footer.has(Self.mark) else { return nil }
            return Self.finding(footer, isAlone: true, size: size - Int64(Self.size))
        }
    }

    /// - Parameters:
    ///   - isAlone: whether there is none at the beginning. Readers then take the disk for a fixed one, whatever the footer says.
    ///   - size: bytes before the footer that counts.
    private static func finding(_ footer: HeaderBytes, isAlone: Bool, size: Int64) -> FormatFinding {
        var failures: [SafetyFailure] = []
        let virtualSize = footer.big64(48)
        switch footer.big32(60) {
        case 2 where virtualSize > UInt64(size):
            failures.append(SafetyFailure(.header, "The disk is larger than the data."))
        case 3 where isAlone:
            failures.append(SafetyFailure(.header, "The copy of the footer at the beginning is missing."))
        case 2, 3: break
        case 4: failures.append(SafetyFailure(.backingFile, "The image has a parent."))
        default: failures.append(SafetyFailure(.header, "The type of the disk is not known."))
        }
        return .complete(.vhd, virtualSize: virtualSize, failures)
    }
}
