import ImageDatabase
package import ImageModel
package import JSON
import Notifications
import TextCoding

/// What is told about images and their members, in Glance's form. Locations are never told: they may have credentials in them.
package enum ImageNotification {
    /// What is told about an image.
    package static func payload(_ image: Image) -> [String: JSONValue] {
        [
            "id": .string(image.id), "name": .text(image.name), "status": .string(image.status.rawValue),
            "created_at": .string(image.createdAt.iso8601), "updated_at": .string(image.updatedAt.iso8601),
            "min_disk": .integer(Int64(image.minDisk)), "min_ram": .integer(Int64(image.minRAM)),
            "protected": .bool(image.isProtected), "checksum": .text(image.checksum), "owner": .text(image.owner),
            "disk_format": .text(image.diskFormat), "container_format": .text(image.containerFormat),
            "size": .count(image.size), "virtual_size": .count(image.virtualSize),
            "is_public": .bool(image.visibility == .public), "visibility": .string(image.visibility.rawValue),
            "properties": .object(image.properties.mapValues { .text($0) }),
            "tags": .array(image.tags.map { .string($0) }), "deleted": false, "deleted_at": .null,
        ]
    }

    /// What is told beside that about data on their way into stores.
    package static func stores(_ image: Image) -> [String: JSONValue] {
        func list(_ property: String) -> JSONValue {
            let names = ((image.properties[property] ?? nil) ?? "").split(separator: ",")
            return .array(names.map { .string(String($0)) })
        }
        return [ImportProperty.stores: list(ImportProperty.stores), ImportProperty.failed: list(ImportProperty.failed)]
    }

    static func payload(_ member: ImageMember, of image: String) -> [String: JSONValue] {
        [
            "image_id": .string(image), "member_id": .string(member.project), "status": .string(member.status.rawValue),
            "created_at": .string(member.createdAt.iso8601), "updated_at": .string(member.updatedAt.iso8601),
            "deleted": false, "deleted_at": .null,
        ]
    }
}

extension JSONValue {
    /// A text, or null.
    package static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    fileprivate static func count(_ count: Int64?) -> JSONValue { count.map { .integer($0) } ?? .null }
}

extension [String: JSONValue] {
    /// The payload as that of something that is gone.
    package var deleted: [String: JSONValue] {
        var payload = self
        payload["deleted"] = true
        payload["deleted_at"] = .string(Timestamp.now.iso8601)
        return payload
    }
}

extension ServiceContext {
    /// Tells that there is a new image.
    package func tellCreation(_ image: Image) {
        notifier.tell("image.create", .object(ImageNotification.payload(image)))
    }

    /// Tells that an image is as it is now.
    package func tellUpdate(_ image: Image) {
        notifier.tell("image.update", .object(ImageNotification.payload(image)))
    }

    /// Tells that data are on their way into a store.
    package func tellPrepare(_ image: Image, store: String) {
        notifier.tell("image.prepare", .object(dataPayload(image, store: store)))
    }

    /// Tells that a store has the data.
    ///
    /// - Parameters:
    ///   - image: as it is now.
    ///   - wasActive: whether others could read the image before.
    package func tellUpload(_ image: Image, wasActive: Bool) {
        notifier.tell("image.upload", .object(dataPayload(image, store: nil)))
        if image.status == .active, !wasActive {
            notifier.tell("image.activate", .object(ImageNotification.payload(image)))
        }
    }

    /// Tells that data have not been stored, and why.
    ///
    /// - Parameter reason: nothing of it is secret.
    package func tellUploadFailure(_ id: String, _ reason: String) {
        notifier.tell(
            "image.upload", priority: .error, .string("The data of image \(id) could not be stored: \(reason)"))
    }

    private func dataPayload(_ image: Image, store: String?) -> [String: JSONValue] {
        var payload = ImageNotification.payload(image).merging(ImageNotification.stores(image)) { first, _ in first }
        if stores.isMultiStore, let store { payload["backend"] = .string(store) }
        return payload
    }
}
