/// One inspector at its stream: collects what it wants.
struct InspectedStream: Sendable {
    private(set) var inspector: any FormatInspector
    private var range: ByteRange?
    /// What there is of the bytes that are wanted.
    private(set) var buffer: [UInt8] = []

    init(_ inspector: any FormatInspector) {
        self.inspector = inspector
        range = inspector.wanted
    }

    /// The first byte that is wanted; nil if no more are.
    var position: UInt64? { range.map { $0.offset + UInt64(buffer.count) } }

    /// - Parameter start: where the block lies in the stream.
    mutating func consume(_ block: UnsafeRawBufferPointer, at start: UInt64) {
        let end = start + UInt64(block.count)
        while let wanted = range, let position, position < end {
            // The one before this block is all taken, and what is wanted lies behind it.
            let from = Int(position - start)
            let count = min(wanted.count - buffer.count, block.count - from)
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: block[from..<from + count]))
            if buffer.count < wanted.count { return }
            inspector.take(buffer)
            advance(from: wanted)
        }
    }

    private mutating func advance(from last: ByteRange) {
        guard let next = inspector.wanted, next != last else { return stop() }
        if next.offset == last.offset && next.count > last.count {
            range = next
        } else if next.offset >= last.end && next.offset < UInt64(Int64.max) && next.count > 0 {
            range = next
            buffer = []
        } else {
            stop()
        }
    }

    private mutating func stop() {
        range = nil
        buffer = []
    }

    func finding(tail: [UInt8], size: Int64) -> FormatFinding? {
        inspector.finding(rest: buffer, tail: Array(tail.suffix(inspector.tail)), size: size)
    }
}
