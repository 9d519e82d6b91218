import ImageDatabase
import ImageModel
import OsloConfig

/// The quotas that come from the configuration and are the same for everybody.
///
/// Source: options `image_*_quota`, `image_size_cap`, `user_storage_quota`; negative counts mean no limit.
package struct Quotas: Sendable {
    let members: Int
    let properties: Int
    let tags: Int
    let locations: Int
    /// Bytes of the largest image.
    package let imageSize: Int64
    /// Bytes that one project may store; nil is no limit.
    package let userStorage: Int64?

    init(configuration: Configuration) {
        members = configuration[Options.Default.imageMemberQuota]
        properties = configuration[Options.Default.imagePropertyQuota]
        tags = configuration[Options.Default.imageTagQuota]
        locations = configuration[Options.Default.imageLocationQuota]
        imageSize = Int64(configuration[Options.Default.imageSizeCap])
        let storage = configuration[Options.Default.userStorageQuota]
        userStorage = configuration[Options.Default.useKeystoneLimits] || storage == 0 ? nil : Int64(storage)
    }

    func checkTags(_ tags: [String]) throws(ServiceError) {
        if self.tags >= 0, tags.count > self.tags { throw tooManyTags(tags.count) }
    }

    /// Names of the reserved namespace `os_glance` do not count.
    func checkProperties(_ properties: [String: String?]) throws(ServiceError) {
        let count = properties.keys.count { !$0.hasPrefix("os_glance") }
        if self.properties >= 0, count > self.properties { throw tooManyProperties(count) }
    }

    /// What the database holds images to when several requests add to one.
    var imageLimits: ImageLimits {
        ImageLimits(tags: tags < 0 ? nil : tags, properties: properties < 0 ? nil : properties)
    }

    /// The answer when the database has refused a change that alone would have been allowed.
    func refusal(_ error: DatabaseError) -> ServiceError? {
        switch error {
        case .tooManyTags: tooManyTags(tags + 1)
        case .tooManyProperties: tooManyProperties(properties + 1)
        default: nil
        }
    }

    private func tooManyTags(_ count: Int) -> ServiceError {
        .tooLarge(
            "The limit has been exceeded on the number of allowed image tags. "
                + "Attempted: \(count), Maximum: \(tags)")
    }

    private func tooManyProperties(_ count: Int) -> ServiceError {
        .tooLarge(
            "The limit has been exceeded on the number of allowed image properties. "
                + "Attempted: \(count), Maximum: \(properties)")
    }

    func checkLocations(_ count: Int) throws(ServiceError) {
        if locations >= 0, count > locations {
            throw .tooLarge(
                "The limit has been exceeded on the number of allowed image locations. "
                    + "Attempted: \(count), Maximum: \(locations)")
        }
    }
}
