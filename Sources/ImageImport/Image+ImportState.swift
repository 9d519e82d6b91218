import ImageDatabase
import ImageModel

// The image as others are told of it, without another look into the database.
extension Image {
    /// It as a task has begun to change it.
    func importing(by task: ImageTask, status: ImageStatus) -> Image {
        var image = self
        image.status = status
        image.properties[ImportProperty.task] = task.id
        image.updatedAt = .now
        return image
    }

    /// It after the end of an import.
    func imported(_ end: ImportsFacet.End) -> Image {
        var image = self
        if end.status == .failure, status == .importing || status == .uploading {
            image.status = .queued
            (image.size, image.virtualSize) = (nil, nil)
            (image.checksum, image.hashAlgorithm, image.hashValue) = (nil, nil, nil)
        }
        for property in [ImportProperty.task, ImportProperty.stageHost] { image.properties[property] = nil }
        image.properties[ImportProperty.stores] = ""
        if let failed = end.failedStores { image.properties[ImportProperty.failed] = failed.joined(separator: ",") }
        if end.status == .failure { image.properties[ImportProperty.failure] = end.message }
        image.updatedAt = .now
        return image
    }
}
