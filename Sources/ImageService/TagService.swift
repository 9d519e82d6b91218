public import Authorization
import ImageDatabase
import ImageModel

/// Tags of images, one by one.
public struct TagService: Sendable {
    let common: ServiceContext

    public init(_ common: ServiceContext) { self.common = common }

    /// Adds a tag; an image that has it stays as it is (Images API v2, "Add image tag").
    public func addTag(_ tag: String, to id: String, for caller: Caller) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try await common.authorization.enforceMutation(.modifyImage, on: image, for: caller)
        if image.tags.contains(tag) { return }
        try common.quotas.checkTags(image.tags + [tag])
        do {
            try await common.database.tags.add(tag, toImage: id, limits: common.quotas.imageLimits)
        } catch {
            if error == .notFound { throw ServiceError.notFound("No image found with ID \(id)") }
            throw common.quotas.refusal(error) ?? error
        }
        common.log(.imageUpdated, "Image tagged", image: id, for: caller, ["tag": .string(tag)])
        var changed = image
        changed.tags.append(tag)
        changed.updatedAt = .now
        common.tellUpdate(changed)
    }

    /// Removes a tag; `notFound` when the image has no such tag (Images API v2, "Delete image tag").
    public func removeTag(_ tag: String, from id: String, for caller: Caller) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try await common.authorization.enforceMutation(.modifyImage, on: image, for: caller)
        guard try await common.database.tags.remove(tag, fromImage: id) else {
            throw ServiceError.notFound("Image \(id) has no such tag.")
        }
        common.log(.imageUpdated, "Tag removed from image", image: id, for: caller, ["tag": .string(tag)])
        var changed = image
        changed.tags.removeAll { $0 == tag }
        changed.updatedAt = .now
        common.tellUpdate(changed)
    }
}
