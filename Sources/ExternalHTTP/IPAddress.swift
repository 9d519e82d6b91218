#if canImport(Glibc)
    import Glibc
#endif

/// An IPv4 or IPv6 address in canonical form. IPv4 addresses that are mapped into IPv6 (`::ffff:192.0.2.1`) are IPv4 ones.
public struct IPAddress: Sendable, Hashable {
    /// 4 or 16 bytes in network order.
    public let bytes: [UInt8]

    /// Reads the canonical text of an address; shorthands, hexadecimal and octal forms are nil (`inet_pton(3)`).
    public init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: withUnsafeBytes(of: &four) { Array($0) })
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            self.init(bytes: withUnsafeBytes(of: &six) { Array($0) })
        } else {
            return nil
        }
    }

    init(bytes: [UInt8]) {
        let isMapped = bytes.count == 16 && bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
        self.bytes = isMapped ? Array(bytes[12...]) : bytes
    }

    public var text: String {
        if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The IPv4 address that packets to this one end at: of NAT64 (RFC 6052) and 6to4 (RFC 3056).
    var embedded: IPAddress? {
        guard bytes.count == 16 else { return nil }
        if bytes[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] {
            return IPAddress(bytes: Array(bytes[12...]))
        }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return IPAddress(bytes: Array(bytes[2..<6])) }
        return nil
    }

    /// False for loopback, link-local, unspecified, multicast and reserved addresses, also where they are embedded in
    /// an IPv6 address.
    var isPublicOrPrivate: Bool {
        if let embedded { return embedded.isPublicOrPrivate }
        if bytes.count == 4 {
            switch (bytes[0], bytes[1]) {
            case (0, _), (127, _), (169, 254), (224..., _): return false
            default: return true
            }
        }
        // Global unicast 2000::/3 (RFC 4291) and unique local fc00::/7 (RFC 4193); nothing else is assigned to hosts.
        return bytes[0] & 0xE0 == 0x20 || bytes[0] & 0xFE == 0xFC
    }
}
