import Glibc

/// Where a vCenter or an ESX host is reached: what `vmware_server_host` says. Glance takes a name or an address; a port behind
/// it, when it is not 443, is our addition.
package struct VSphereAddress: Sendable, Equatable {
    /// As it stands in URLs: an IPv6 address in brackets, a port behind a colon.
    package let authority: String

    /// Nil for what is no host.
    package init?(_ text: String) {
        var host = text[...]
        var port: Substring?
        if host.first == "[", let end = host.lastIndex(of: "]") {
            let rest = host[host.index(after: end)...]
            guard rest.isEmpty || rest.first == ":" else { return nil }
            if !rest.isEmpty { port = rest.dropFirst() }
            host = host[..<end].dropFirst()
            guard host.contains(":") else { return nil }
        } else if let colon = host.firstIndex(of: ":"), colon == host.lastIndex(of: ":") {
            port = host[host.index(after: colon)...]
            host = host[..<colon]
        }
        let isAddress = host.contains(":")
        var address = in6_addr()
        guard isAddress ? inet_pton(AF_INET6, String(host), &address) == 1 : Self.isName(host) else { return nil }
        if let port { guard let number = UInt16(port), number > 0 else { return nil } }
        authority = (isAddress ? "[\(host)]" : "\(host)") + (port.map { ":\($0)" } ?? "")
    }

    /// Whether a text looks like a name or an IPv4 address.
    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
