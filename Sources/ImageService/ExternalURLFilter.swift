import NIOPosix
import OsloConfig

#if canImport(Glibc)
    import Glibc
#endif

/// Decides which HTTP URLs of clients the service may contact (`[import_filtering_opts]`).
///
/// Guards against requests to the service's own network: CVE-2026-34881 (encoded addresses), CVE-2026-71198 (link-local
/// hosts in locations). The error text is the same for every reason, so that it tells nothing about the network.
struct ExternalURLFilter: Sendable {
    private let allowedSchemes: [String]
    private let disallowedSchemes: [String]
    private let allowedHosts: [String]
    private let disallowedHosts: [String]
    private let allowedPorts: [Int]
    private let disallowedPorts: [Int]
    private let threadPool: NIOThreadPool

    init(configuration: Configuration, threadPool: NIOThreadPool) {
        typealias Filter = Options.ImportFilteringOpts
        allowedSchemes = configuration[Filter.allowedSchemes].map { $0.lowercased() }
        disallowedSchemes = configuration[Filter.disallowedSchemes].map { $0.lowercased() }
        allowedHosts = configuration[Filter.allowedHosts].map { $0.lowercased() }
        disallowedHosts = configuration[Filter.disallowedHosts].map { $0.lowercased() }
        allowedPorts = configuration[Filter.allowedPorts]
        disallowedPorts = configuration[Filter.disallowedPorts]
        self.threadPool = threadPool
    }

    /// Throws ``ServiceError/invalid(_:)`` for a URL that must not be contacted. Resolves names on the thread pool.
    func check(_ url: String) async throws {
        let refused = ServiceError.invalid("Invalid location")
        guard let target = Target(url), permits(target.scheme, allowedSchemes, disallowedSchemes),
            permits(target.host, allowedHosts, disallowedHosts), permits(target.port, allowedPorts, disallowedPorts)
        else { throw refused }
        let resolve: @Sendable () -> [IPAddress] = { IPAddress.resolve(target.host) }
        let addresses = try await threadPool.runIfActive(resolve)
        let isListed = allowedHosts.contains(target.host)
        let denied = allowedHosts.isEmpty ? disallowedHosts : []
        guard addresses.contains(where: { isListed || ($0.isPublicOrPrivate && !denied.contains($0.text)) }) else {
            throw refused
        }
    }

    /// Deny lists count only where the allow list is empty.
    private func permits<Value: Equatable>(_ value: Value, _ allowed: [Value], _ denied: [Value]) -> Bool {
        allowed.isEmpty ? !denied.contains(value) : allowed.contains(value)
    }

    /// Scheme, host and effective port of an absolute HTTP URL (RFC 3986).
    struct Target: Equatable {
        let scheme: String
        let host: String
        let port: Int

        init?(_ url: String) {
            guard let colon = url.firstIndex(of: ":") else { return nil }
            let scheme = url[..<colon].lowercased()
            var rest = url[url.index(after: colon)...]
            guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
            rest = rest.dropFirst(2)
            var authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && $0 != "\\" }
            if let at = authority.lastIndex(of: "@") { authority = authority[authority.index(after: at)...] }
            var portText: Substring?
            if authority.hasPrefix("[") {
                guard let end = authority.firstIndex(of: "]") else { return nil }
                let after = authority[authority.index(after: end)...]
                guard after.isEmpty || after.hasPrefix(":") else { return nil }
                portText = after.isEmpty ? nil : after.dropFirst()
                authority = authority[authority.index(after: authority.startIndex)..<end]
                guard IPAddress(String(authority))?.bytes.count == 16 else { return nil }
            } else if let separator = authority.firstIndex(of: ":") {
                portText = authority[authority.index(after: separator)...]
                authority = authority[..<separator]
            }
            var port = scheme == "https" ? 443 : 80
            if let portText, !portText.isEmpty {
                guard let number = UInt16(portText), number > 0 else { return nil }
                port = Int(number)
            }
            let host = authority.lowercased()
            guard !host.isEmpty, IPAddress(host) != nil || Self.isDNSName(host) else { return nil }
            (self.scheme, self.host, self.port) = (scheme, host, port)
        }

        /// A name, and none of the short, hexadecimal or octal forms that resolvers take for addresses: the last label of a
        /// real name holds a letter and is no hexadecimal number.
        private static func isDNSName(_ host: String) -> Bool {
            let labels = host.split(separator: ".", omittingEmptySubsequences: false)
            let relevant = labels.last == "" ? labels.dropLast() : labels[...]
            guard let top = relevant.last, !top.isEmpty, !top.hasPrefix("0x"), top.contains(where: \.isLetter) else {
                return false
            }
            return relevant.allSatisfy { label in
                !label.isEmpty && label.utf8.count <= 63
                    && label.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
            }
        }
    }
}

/// An IPv4 or IPv6 address in canonical form.
struct IPAddress: Sendable, Equatable {
    /// 4 or 16 bytes in network order.
    let bytes: [UInt8]

    /// Reads the canonical text of an address; shorthands and octal are nil (`inet_pton(3)`).
    init?(_ text: String) {
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, text, &four) == 1 {
            bytes = withUnsafeBytes(of: &four) { Array($0) }
        } else if inet_pton(AF_INET6, text, &six) == 1 {
            bytes = withUnsafeBytes(of: &six) { Array($0) }
        } else {
            return nil
        }
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    var text: String {
        if bytes.count == 4 { return bytes.map { String($0) }.joined(separator: ".") }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        inet_ntop(AF_INET6, bytes, &buffer, socklen_t(buffer.count))
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// False for loopback, link-local, unspecified, multicast and reserved addresses, also where they are embedded in
    /// IPv6 (mapped, 6to4, NAT64).
    var isPublicOrPrivate: Bool {
        if bytes.count == 4 {
            switch (bytes[0], bytes[1]) {
            case (0, _), (127, _), (169, 254), (224..., _): return false
            default: return true
            }
        }
        if bytes[..<12] == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]
            || bytes[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0]
        {
            return IPAddress(bytes: Array(bytes[12...])).isPublicOrPrivate
        }
        if bytes[0] == 0x20, bytes[1] == 0x02 { return IPAddress(bytes: Array(bytes[2..<6])).isPublicOrPrivate }
        if bytes[..<12].allSatisfy({ $0 == 0 }) { return false }
        if bytes[0] == 0xFE, bytes[1] & 0xC0 == 0x80 { return false }
        return bytes[0] != 0xFF
    }

    /// All addresses of a host; empty when it cannot be resolved. Blocks.
    static func resolve(_ host: String) -> [IPAddress] {
        if let address = IPAddress(host) { return [address] }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        // With the dot at its end a name is only looked up as a name.
        guard getaddrinfo(host.hasSuffix(".") ? host : host + ".", nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        return sequence(first: list) { $0?.pointee.ai_next }.compactMap { entry in
            guard let entry, let address = entry.pointee.ai_addr else { return nil }
            switch entry.pointee.ai_family {
            case AF_INET:
                return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin_addr) { IPAddress(bytes: Array($0)) }
                }
            case AF_INET6:
                return address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                    withUnsafeBytes(of: $0.pointee.sin6_addr) { IPAddress(bytes: Array($0)) }
                }
            default: return nil
            }
        }
    }
}
