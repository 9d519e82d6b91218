/// The host of a URL: an address in canonical form or a DNS name, and none of the spellings that some resolvers take for
/// addresses (`127.1`, `0x7f000001`, `2130706433`, `0177.0.0.1`; CVE-2026-34881).
public enum ExternalHost: Sendable, Hashable {
    case address(IPAddress)
    /// Lower case, without a dot at its end.
    case name(String)

    /// Reads a host as URLs and `[import_filtering_opts]` have it; the brackets of IPv6 addresses may be missing.
    init?(_ text: String) {
        if text.hasPrefix("[") {
            guard text.hasSuffix("]"), text.contains(":"), let address = IPAddress(String(text.dropFirst().dropLast()))
            else { return nil }
            self = .address(address)
        } else if let address = IPAddress(text) {
            self = .address(address)
        } else {
            let name = (text.hasSuffix(".") ? String(text.dropLast()) : text).lowercased()
            guard Self.isDNSName(name) else { return nil }
            self = .name(name)
        }
    }

    /// As it stands in a URL.
    var urlText: String {
        switch self {
        case .name(let name): name
        case .address(let address): address.bytes.count == 16 ? "[\(address.text)]" : address.text
        }
    }

    /// The last label of a real name holds a letter and is no hexadecimal number.
    private static func isDNSName(_ name: String) -> Bool {
        let labels = name.split(separator: ".", omittingEmptySubsequences: false)
        guard name.utf8.count <= 253, let top = labels.last, !top.hasPrefix("0x"), top.contains(where: \.isLetter)
        else { return false }
        return labels.allSatisfy { label in
            !label.isEmpty && label.utf8.count <= 63
                && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        }
    }
}
