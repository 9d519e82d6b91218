import Glibc
import Synchronization

/// Which ids of clients are taken over. An id ends up in logs, in answers and in requests to other services.
struct RequestIDPolicy: Sendable {
    /// `max_request_id_length`; 0 is without limit.
    let maximumLength: Int

    enum Inbound: Sendable, Equatable {
        case absent
        /// With the prefix `req-`.
        case accepted(String)
        /// Characters that must not reach a log or header: a new id replaces it.
        case unusable
        case tooLong

        var accepted: String? {
            if case .accepted(let id) = self { id } else { nil }
        }
    }

    /// Looks at the id that a client sent.
    func check(_ inbound: String?) -> Inbound {
        guard let inbound, !inbound.isEmpty else { return .absent }
        if maximumLength > 0 && inbound.utf8.count > maximumLength { return .tooLong }
        let isClean = inbound.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
                true
            default: false
            }
        }
        guard isClean else { return .unusable }
        return .accepted(inbound.hasPrefix("req-") ? inbound : "req-\(inbound)")
    }

    /// A new id: `req-` and a random UUID (RFC 9562, version 4).
    static func generate() -> String {
        let (first, second) = randomness.withLock { ($0.next(), $0.next()) }
        let high = first & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        let low = second & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        return String(unsafeUninitializedCapacity: 40) { buffer in
            var count = 0
            func append(_ byte: UInt8) {
                buffer[count] = byte
                count += 1
            }
            for byte in "req-".utf8 { append(byte) }
            for (word, position) in [(high, 0), (low, 16)] {
                for digit in 0..<16 {
                    // A UUID has its dashes after 8, 12, 16 and 20 digits.
                    if [8, 12, 16, 20].contains(position + digit) { append(UInt8(ascii: "-")) }
                    let value = UInt8(truncatingIfNeeded: word >> UInt64(60 - 4 * digit) & 0xF)
                    append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
                }
            }
            return count
        }
    }

    private static let randomness = Mutex(RandomPool())
}

/// Random numbers of the system, many at a time: one system call for each request would be too many.
private struct RandomPool: RandomNumberGenerator {
    private var numbers: [UInt64] = []

    mutating func next() -> UInt64 {
        if let number = numbers.popLast() { return number }
        var fresh = [UInt64](repeating: 0, count: 32)
        let isFilled = fresh.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
        guard isFilled, let number = fresh.popLast() else {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        }
        numbers = fresh
        return number
    }
}
