/// A format that shows itself by a mark, and says all that counts in one header.
protocol HeaderLayout: Sendable {
    static var format: DiskFormat { get }
    /// Where the mark is. The header begins at the same place.
    static var mark: ByteRange { get }
    /// Bytes of the header.
    static var headerSize: Int { get }
    static func hasMark(_ bytes: HeaderBytes) -> Bool
    /// - Parameter size: of the data.
    static func finding(_ header: HeaderBytes, size: Int64) -> FormatFinding
}

/// Looks for a format that has one header.
struct HeaderInspector<Layout: HeaderLayout>: FormatInspector {
    private enum State {
        case looking, matched, refuted
        case complete(HeaderBytes)
    }

    private var state = State.looking

    var wanted: ByteRange? {
        switch state {
        case .looking: Layout.mark
        case .matched: ByteRange(offset: Layout.mark.offset, count: Layout.headerSize)
        case .refuted, .complete: nil
        }
    }

    mutating func take(_ bytes: [UInt8]) {
        let bytes = HeaderBytes(bytes)
        if case .looking = state { state = Layout.hasMark(bytes) ? .matched : .refuted }
        if case .matched = state, bytes.bytes.count >= Layout.headerSize { state = .complete(bytes) }
    }

    func finding(rest: [UInt8], tail: [UInt8], size: Int64) -> FormatFinding? {
        switch state {
        case .looking, .refuted: nil
        case .matched: .incomplete(Layout.format)
        case .complete(let header): Layout.finding(header, size: size)
        }
    }
}
