/// One request and its answer in memcached's binary protocol.
///
/// Source: memcached's wiki, "BinaryProtocolRevamped" and "SASLAuthProtocol"; RFC 4616 for PLAIN.
struct MemcachedBinaryExchange {
    typealias Failure = MemcachedConnection.Failure

    let send: ([UInt8]) throws(Failure) -> Void
    let receive: (Int) throws(Failure) -> [UInt8]

    private enum Operation: UInt8 {
        case get = 0x00
        case set = 0x01
        case authenticate = 0x21
    }

    private struct Status {
        static let success = 0x0000
        static let notFound = 0x0001
        static let tooLarge = 0x0003
    }

    private static let headLength = 24

    func authenticate(_ sasl: MemcachedSettings.SASL) throws(Failure) {
        let answer = try ask(.authenticate, key: "PLAIN", value: Array("\0\(sasl.user)\0\(sasl.password)".utf8))
        guard answer.status == Status.success else {
            throw Failure(reason: "it refuses memcache_username and memcache_password (status \(answer.status))")
        }
    }

    /// nil when there is no such entry.
    func value(for key: String) throws(Failure) -> [UInt8]? {
        let answer = try ask(.get, key: key)
        switch answer.status {
        case Status.success: return answer.value
        case Status.notFound: return nil
        default: throw Failure(reason: "it answers with status \(answer.status)")
        }
    }

    func set(_ value: [UInt8], for key: String, lifetime: Int) throws(Failure) {
        let extras = Self.bigEndian(0, 4) + Self.bigEndian(lifetime, 4)
        let answer = try ask(.set, extras: extras, key: key, value: value)
        guard [Status.success, Status.tooLarge].contains(answer.status) else {
            throw Failure(reason: "it answers with status \(answer.status)")
        }
    }

    private func ask(
        _ operation: Operation, extras: [UInt8] = [], key: String, value: [UInt8] = []
    ) throws(Failure) -> (status: Int, value: [UInt8]) {
        let key = Array(key.utf8)
        let head =
            [0x80, operation.rawValue] + Self.bigEndian(key.count, 2) + [UInt8(extras.count), 0, 0, 0]
            + Self.bigEndian(extras.count + key.count + value.count, 4) + [UInt8](repeating: 0, count: 12)
        try send(head + extras + key + value)

        let answer = try receive(Self.headLength)
        guard answer[0] == 0x81, answer[1] == operation.rawValue else {
            throw Failure(reason: "its answer is not memcached's")
        }
        let before = Self.number(answer[2..<4]) + Int(answer[4])
        let length = Self.number(answer[8..<12])
        guard before <= length, length - before <= MemcachedConnection.largestValue else {
            throw Failure(reason: "an impossible length")
        }
        return (Self.number(answer[6..<8]), Array(try receive(length).dropFirst(before)))
    }

    private static func bigEndian(_ number: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
}
