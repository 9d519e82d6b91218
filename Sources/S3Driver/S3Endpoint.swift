import TextCoding

/// The S3 service: where it is, and how its buckets are addressed.
struct S3Endpoint: Sendable, Equatable {
    /// How a bucket is named in a URL.
    enum Addressing: String, Sendable {
        case path, virtual, auto
    }

    var isSecure: Bool
    /// Name or address and, where the option has one, the port.
    var authority: String
    /// In front of buckets: empty, or `/some/where`.
    var prefix: String
    var addressing: Addressing

    /// - Parameter text: `s3_store_host`: `host[:port]` or a URL of it; plain HTTP unless it says `https`.
    /// - Returns: nil when the text cannot be the place of a server.
    init?(_ text: String, addressing: Addressing) {
        var rest = Substring(text)
        isSecure = rest.lowercased().hasPrefix("https://")
        if let scheme = rest.firstRange(of: "://") {
            guard isSecure || rest.lowercased().hasPrefix("http://") else { return nil }
            rest = rest[scheme.upperBound...]
        }
        while rest.last == "/" { rest.removeLast() }
        let host = rest.prefix { $0 != "/" }
        guard !host.isEmpty, !host.contains(where: { "@?# ".contains($0) }),
            !rest.contains(where: { "?#".contains($0) })
        else { return nil }
        authority = String(host)
        prefix = String(rest.dropFirst(host.count))
        self.addressing = addressing
    }

    /// Without the port.
    var host: String {
        guard !authority.hasPrefix("[") else { return String(authority.prefix { $0 != "]" }) + "]" }
        return String(authority.prefix { $0 != ":" })
    }

    private var isAmazon: Bool {
        let host = host.lowercased()
        return host.hasSuffix(".amazonaws.com") || host.hasSuffix(".amazonaws.com.cn")
    }

    /// Whether a bucket becomes a part of the host's name. Automatically only with Amazon, as the clients of Glance do it:
    /// nothing but Amazon can be expected to have the names and certificates for it.
    func isVirtual(_ bucket: String) -> Bool {
        switch addressing {
        case .path: false
        case .virtual: true
        case .auto: isAmazon && Self.isHostName(bucket) && !bucket.contains(".")
        }
    }

    /// Whether a bucket can be a part of a host's name.
    static func isHostName(_ bucket: String) -> Bool {
        (3...63).contains(bucket.utf8.count) && bucket.first != "-" && bucket.last != "-" && bucket.first != "."
            && bucket.last != "." && !bucket.contains("..")
            && bucket.utf8.allSatisfy {
                switch $0 {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }

    /// `Host` and path of an object, or of the bucket itself.
    func place(bucket: String, key: String?) -> (authority: String, path: String) {
        var path = prefix
        if !isVirtual(bucket) { path += "/" + PercentEncoding.encode(bucket) }
        if let key {
            path +=
                "/"
                + key.split(separator: "/", omittingEmptySubsequences: false)
                .map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
        }
        if path.isEmpty { path = "/" }
        return (isVirtual(bucket) ? "\(bucket).\(authority)" : authority, path)
    }

    /// The service of another region: at Amazon it has a name of its own, elsewhere only the signature differs.
    func moved(to region: String) -> S3Endpoint {
        guard isAmazon, Self.isHostName(region), !region.contains(".") else { return self }
        var moved = self
        moved.authority = "s3.\(region).amazonaws.com" + (host.lowercased().hasSuffix(".cn") ? ".cn" : "")
        return moved
    }

    /// The region in the host's name, `s3.eu-west-1.amazonaws.com` or `s3-eu-west-1.amazonaws.com`.
    var regionOfHost: String? {
        guard isAmazon else { return nil }
        let parts = host.lowercased().split(separator: ".")
        guard let service = parts.firstIndex(where: { $0 == "s3" || $0.hasPrefix("s3-") }) else { return nil }
        if parts[service] != "s3" { return String(parts[service].dropFirst(3)) }
        let region = parts[parts.index(after: service)]
        return region == "amazonaws" ? nil : String(region)
    }
}
