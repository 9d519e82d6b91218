/// Values as Ceph puts them on the wire: numbers little-endian, texts with their length in front.
struct CephBytes: Sendable, Equatable {
    private(set) var bytes: [UInt8]

    init(_ bytes: [UInt8] = []) { self.bytes = bytes }

    init(texts: String...) {
        self.init()
        for text in texts { append(text) }
    }

    mutating func append(count: Int) {
        withUnsafeBytes(of: UInt32(count).littleEndian) { bytes += $0 }
    }

    mutating func append(_ text: String) {
        append(count: text.utf8.count)
        bytes += text.utf8
    }

    /// The text that they begin with; nil if it is not complete.
    var text: String? {
        guard bytes.count >= 4 else { return nil }
        let count = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        guard bytes.count - 4 >= count else { return nil }
        return String(decoding: bytes[4..<4 + count], as: UTF8.self)
    }
}
