/// Looks at an image's bytes while they stream by: which format they have, how large their disk is, and what is not safe about them.
///
/// Keeps little more than 1 MiB, whatever a header claims, and mostly nothing. Once the headers have gone by, a block costs a
/// comparison. The outcome does not depend on how the bytes are cut into blocks.
public struct ContentInspection: Sendable {
    private(set) var streams: [InspectedStream]
    /// Bytes so far.
    private var position: UInt64 = 0
    /// The first byte that anybody wants.
    private var next: UInt64 = 0
    /// The last bytes.
    private var tail = Tail()

    /// - Parameter declared: the image's `disk_format`. It decides only whether a format is looked for that stands at the end of the
    ///   data alone (``DiskFormat/vhd``): as part of a raw disk those bytes mean nothing.
    public init(declared: String?) {
        self.init(inspectors: Self.inspectors(declared: declared))
    }

    init(inspectors: [any FormatInspector]) {
        streams = inspectors.map(InspectedStream.init)
        update()
    }

    private static func inspectors(declared: String?) -> [any FormatInspector] {
        [
            GPTInspector(), ISOInspector(), LUKSInspector(), QCOWInspector(), QEDInspector(), VDIInspector(),
            VHDInspector(mayBeFixed: declared == DiskFormat.vhd.rawValue), VHDXInspector(), VMDKInspector(),
        ]
    }

    /// Takes the next bytes.
    public mutating func consume(_ block: UnsafeRawBufferPointer) {
        let start = position
        position += UInt64(block.count)
        if tail.isWanted { tail.append(block) }
        guard next < position else { return }
        let before = tail.count
        for index in streams.indices { streams[index].consume(block, at: start) }
        update()
        // Who wants it has found out in this block.
        if tail.count > before { tail.append(block) }
    }

    private mutating func update() {
        next = streams.reduce(.max) { min($0, $1.position ?? .max) }
        tail.count = streams.reduce(0) { max($0, $1.inspector.tail) }
    }

    /// What it was. Call it after the last byte.
    public func finish() -> ImageContent { finish(size: Int64(clamping: position), tail: tail.bytes) }

    // MARK: For data that need not be read in order

    /// The first byte that has to be read, but for ``wantedTail``; nil if none.
    var wanted: UInt64? { next == .max ? nil : next }

    /// How many of the last bytes have to be read.
    var wantedTail: Int { tail.count }

    /// Passes over bytes that nobody wants.
    mutating func skip(to offset: UInt64) { position = max(position, offset) }

    /// - Parameters:
    ///   - size: of the data.
    ///   - tail: the last ``wantedTail`` bytes.
    func finish(size: Int64, tail: [UInt8]) -> ImageContent {
        let findings = streams.compactMap { $0.finding(tail: tail, size: size) }
        return ImageContent(size: size, findings: findings.sorted { $0.format.rawValue < $1.format.rawValue })
    }

    /// The last bytes of a stream.
    private struct Tail: Sendable {
        /// How many are kept.
        var count = 0
        private(set) var bytes: [UInt8] = []

        var isWanted: Bool { count > 0 }

        mutating func append(_ block: UnsafeRawBufferPointer) {
            bytes = Array(bytes.suffix(max(0, count - block.count)))
            bytes.append(contentsOf: block.suffix(count))
        }
    }
}
