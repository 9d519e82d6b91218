/// A location of the driver, as Glance writes it: `s3[+http|+https]://host[:port]/bucket/key`. Zed and older releases wrote
/// the credentials in front of the host, where a secret key may hold slashes: bucket and key are the last two parts.
struct S3Location: Equatable {
    static let schemes: Set<String> = ["s3", "s3+http", "s3+https"]

    var isSecure: Bool
    /// Host, port and whatever path the service has; without credentials.
    var service: String
    var bucket: String
    var key: String

    /// Nil for every other URL.
    init?(_ url: String) {
        guard let scheme = url.firstRange(of: "://"), Self.schemes.contains(url[..<scheme.lowerBound].lowercased()),
            !url[scheme.upperBound...].contains("://")
        else { return nil }
        isSecure = url[..<scheme.lowerBound].lowercased() == "s3+https"
        let rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
        var parts = rest.split(separator: "/")
        guard parts.count >= 3 else { return nil }
        key = String(parts.removeLast())
        bucket = String(parts.removeLast())
        var service = parts.joined(separator: "/")
        // A secret key ends with the last at-sign.
        if let at = service.lastIndex(of: "@") { service = String(service[service.index(after: at)...]) }
        guard !service.isEmpty, !key.utf8.contains(0), !bucket.utf8.contains(0) else { return nil }
        self.service = service
    }

    init(endpoint: S3Endpoint, bucket: String, key: String) {
        isSecure = endpoint.isSecure
        service = endpoint.authority + endpoint.prefix
        self.bucket = bucket
        self.key = key
    }

    var url: String { "\(isSecure ? "s3+https" : "s3")://\(service)/\(bucket)/\(key)" }
}
