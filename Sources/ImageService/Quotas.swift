import ImageModel
import OsloConfig

/// The quotas that come from the configuration and are the same for everybody.
///
/// Source: options `image_*_quota`, `image_size_cap`, `user_storage_quota`; negative counts mean no limit.
struct Quotas: Sendable {
    let members: Int
    let properties: Int
    let tags: Int
    let locations: Int
    /// Bytes of the largest image.
    let imageSize: Int64
    /// Bytes that one project may store; nil is no limit.
    let userStorage: Int64?

    init(configuration: Configuration) throws {
        members = configuration[Options.Default.imageMemberQuota]
        properties = configuration[Options.Default.imagePropertyQuota]
        tags = configuration[Options.Default.imageTagQuota]
        locations = configuration[Options.Default.imageLocationQuota]
        imageSize = Int64(configuration[Options.Default.imageSizeCap])
        let text = configuration[Options.Default.userStorageQuota]
        guard let bytes = Self.bytes(text) else {
            throw ServiceError.invalid(
                "user_storage_quota = \(text): must be a number of bytes with an optional B, KB, MB, GB or TB.")
        }
        userStorage = configuration[Options.Default.useKeystoneLimits] || bytes == 0 ? nil : bytes
    }

    /// Reads `10GB`: digits, then an optional unit with factor 1024, no blank. Nil for anything else.
    static func bytes(_ text: String) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let factors: [String: Int64] = ["": 1, "B": 1, "KB": 1 << 10, "MB": 1 << 20, "GB": 1 << 30, "TB": 1 << 40]
        guard let number = Int64(digits), let factor = factors[String(text.dropFirst(digits.count))] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        return overflow ? nil : bytes
    }

    func checkTags(_ tags: [String]) throws(ServiceError) {
        if self.tags >= 0, tags.count > self.tags {
            throw .tooLarge("The limit has been exceeded on the number of allowed image tags. "
                + "Attempted: \(tags.count), Maximum: \(self.tags)")
        }
    }

    /// Names of the reserved namespace `os_glance` do not count.
    func checkProperties(_ properties: [String: String?]) throws(ServiceError) {
        let count = properties.keys.count { !$0.hasPrefix("os_glance") }
        if self.properties >= 0, count > self.properties {
            throw .tooLarge("The limit has been exceeded on the number of allowed image properties. "
                + "Attempted: \(count), Maximum: \(self.properties)")
        }
    }

    func checkLocations(_ count: Int) throws(ServiceError) {
        if locations >= 0, count > locations {
            throw .tooLarge("The limit has been exceeded on the number of allowed image locations. "
                + "Attempted: \(count), Maximum: \(locations)")
        }
    }
}
