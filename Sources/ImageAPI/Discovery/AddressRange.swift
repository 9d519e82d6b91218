import NIOCore
import OsloConfig

/// IPv4 or IPv6 addresses with a common prefix (CIDR, RFC 4632).
struct AddressRange: Sendable, Equatable {
    private let network: [UInt8]
    private let prefixLength: Int

    /// - Parameter text: `192.0.2.0/24`, `2001:db8::/32`, or a single address.
    /// - Returns: nil when it is not one.
    init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard let first = parts.first, let address = try? SocketAddress(ipAddress: String(first), port: 0),
            let bytes = Self.bytes(address)
        else { return nil }
        network = bytes
        guard parts.count == 2 else {
            prefixLength = bytes.count * 8
            return
        }
        guard let length = Int(parts[1]), (0...bytes.count * 8).contains(length) else { return nil }
        prefixLength = length
    }

    /// - Parameter option: what holds the texts, for messages.
    /// - Throws: ``ConfigurationError`` naming what is no range.
    static func ranges(_ texts: [String], of option: String) throws(ConfigurationError) -> [AddressRange] {
        var ranges: [AddressRange] = []
        for text in texts {
            guard let range = AddressRange(text) else {
                throw ConfigurationError("\(option): '\(text)' is not an address range")
            }
            ranges.append(range)
        }
        return ranges
    }

    func contains(_ address: SocketAddress) -> Bool {
        guard let bytes = Self.bytes(address), bytes.count == network.count else { return false }
        let whole = prefixLength / 8
        guard bytes.prefix(whole).elementsEqual(network.prefix(whole)) else { return false }
        guard prefixLength % 8 != 0 else { return true }
        let mask = UInt8.max << UInt8(8 - prefixLength % 8)
        return bytes[whole] & mask == network[whole] & mask
    }

    /// Address in network order; IPv4 clients of a dual-stack socket count as IPv4.
    private static func bytes(_ address: SocketAddress) -> [UInt8]? {
        switch address {
        case .v4(let address): return withUnsafeBytes(of: address.address.sin_addr) { Array($0) }
        case .v6(let address):
            let bytes = withUnsafeBytes(of: address.address.sin6_addr) { Array($0) }
            let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            return bytes.starts(with: mapped) ? Array(bytes.dropFirst(12)) : bytes
        case .unixDomainSocket: return nil
        }
    }
}
