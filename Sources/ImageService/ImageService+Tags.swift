import ImageDatabase
import ImageModel

extension ImageService {
    /// Adds a tag; an image that has it stays as it is (Images API v2, "Add image tag").
    public func addTag(_ tag: String, to id: String, for caller: Caller) async throws {
        try requireWriter(caller)
        let image = try await visibleImage(id, for: caller)
        try await enforceMutation("modify_image", on: image, for: caller)
        if image.tags.contains(tag) { return }
        try quotas.checkTags(image.tags + [tag])
        do {
            try await database.tags.add(tag, toImage: id, limits: quotas.imageLimits)
        } catch {
            if error == .notFound { throw ServiceError.notFound("No image found with ID \(id)") }
            throw quotas.refusal(error) ?? error
        }
        log(.imageUpdated, "Image tagged", image: id, for: caller, ["tag": .string(tag)])
    }

    /// Removes a tag; `notFound` when the image has no such tag (Images API v2, "Delete image tag").
    public func removeTag(_ tag: String, from id: String, for caller: Caller) async throws {
        try requireWriter(caller)
        let image = try await visibleImage(id, for: caller)
        try await enforceMutation("modify_image", on: image, for: caller)
        guard try await database.tags.remove(tag, fromImage: id) else {
            throw ServiceError.notFound("Image \(id) has no such tag.")
        }
        log(.imageUpdated, "Tag removed from image", image: id, for: caller, ["tag": .string(tag)])
    }
}
