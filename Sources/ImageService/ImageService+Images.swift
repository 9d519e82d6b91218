public import Authorization
import ImageDatabase
public import ImageModel
package import ImageStore
import TextCoding
import UnifiedLimits

extension ImageService {
    /// Registers an image without data (Images API v2, "Create image").
    public func create(_ draft: ImageDraft, for caller: Caller) async throws -> Image {
        try authorization.requireWriter(caller)
        let owner = draft.owner ?? caller.project
        try await authorization.enforceCreation(owner: owner, visibility: draft.visibility, for: caller)
        let image = Image(
            id: draft.id ?? UUIDText.random(), name: draft.name, visibility: draft.visibility ?? .shared, owner: owner,
            diskFormat: draft.diskFormat, containerFormat: draft.containerFormat, minDisk: draft.minDisk,
            minRAM: draft.minRAM, isProtected: draft.isProtected, isHidden: draft.isHidden,
            properties: draft.properties, tags: draft.tags)
        for name in image.properties.keys.sorted() { try await requireProtection(.create, name, for: caller) }
        try quotas.checkTags(image.tags)
        try quotas.checkProperties(image.properties)
        do {
            try await insertWithinLimits(image)
        } catch DatabaseError.duplicate {
            throw ServiceError.conflict("Image ID \(image.id) already exists!")
        } catch let error as LimitError {
            throw ServiceError(error)
        }
        log(
            .imageCreated, "Image created", image: image.id, for: caller,
            ["visibility": .string(image.visibility.rawValue), "owner": .string(owner ?? "")])
        common.tellCreation(image)
        return await shown(image, to: caller)
    }

    /// One page of the images that the caller can see (Images API v2, "List images"). The query's viewer is set from
    /// `caller`, its limit is capped at `api_limit_max`.
    public func list(_ query: ImageQuery, for caller: Caller) async throws -> ImagePage {
        try await authorization.enforce(.getImages, for: caller)
        var query = query
        query.viewer = ImageQuery.Viewer(project: caller.project, isAdmin: caller.isAdmin)
        query.limit = min(query.limit, settings.largestPage)
        // No image has a property that the caller may not read: else values could be guessed by filters.
        if let protection = common.protection {
            for case .property(let name, _) in query.filters where await !protection.allows(.read, name, for: caller) {
                return ImagePage(images: [], nextMarker: nil)
            }
        }
        let found: [Image]
        do {
            found = try await database.images.list(query)
        } catch {
            guard error == .markerNotFound else { throw error }
            throw ServiceError.invalid("No image found with ID \(query.marker ?? "")")
        }
        var images: [Image] = []
        images.reserveCapacity(found.count)
        for image in found {
            if await authorization.allows(.getImage, on: image, for: caller) {
                images.append(await shown(image, to: caller))
            }
        }
        let isFull = found.count == query.limit
        return ImagePage(images: images, nextMarker: isFull ? images.last?.id : nil)
    }

    /// One image (Images API v2, "Show image").
    public func show(_ id: String, for caller: Caller) async throws -> Image {
        let image = try await common.visibleImage(id, for: caller)
        try await authorization.enforce(.getImage, on: image, for: caller)
        return await shown(image, to: caller)
    }

    /// Deletes an image and its data (Images API v2, "Delete image").
    ///
    /// The rows go first, with the locations marked `pending_delete`; then the data; then the mark. A crash between
    /// leaves rows by which the scrubber finishes the work. With `delayed_delete` an active image becomes
    /// `pending_delete`, and everything else is the scrubber's.
    public func delete(_ id: String, for caller: Caller) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try await authorization.enforceMutation(.deleteImage, on: image, for: caller)
        if image.isProtected {
            throw ServiceError.forbidden("Image \(id) is protected and cannot be deleted.")
        }
        let isDelayed = settings.delaysDeletion && image.status == .active && !image.locations.isEmpty
        var from: Set<ImageStatus> = [.queued, .saving, .uploading, .importing, .killed, .deactivated]
        // An image that has become active meanwhile must not lose the delay.
        if isDelayed { from = [] }
        if !settings.delaysDeletion || image.status == .active { from.insert(.active) }
        let context = caller.removalContext
        let locations: [ImageLocation]
        do {
            locations = try await database.images.delete(id, to: isDelayed ? .pendingDelete : .deleted, from: from)
        } catch {
            switch error {
            case .notFound: throw ServiceError.notFound("Failed to find image \(id) to delete")
            case .conflict: throw ServiceError.conflict("Image \(id) changed while it was being deleted.")
            default: throw error
            }
        }
        log(.imageDeleted, "Image deleted", image: id, for: caller)
        var gone = image
        gone.status = isDelayed ? .pendingDelete : .deleted
        notifier.tell("image.delete", .object(ImageNotification.payload(gone).deleted))
        await forgetCached(image)
        await deleteEncryptionKey(of: image, for: caller)
        if isDelayed { return }
        for location in locations {
            await removeData(at: location, ofImage: id, context: context)
        }
    }

    /// Removes the data of a location that was taken from an image which lives on; with `delayed_delete` the scrubber does.
    ///
    /// - Parameter context: made before the location was taken, so that its deadline ends before others remove the data.
    func removeDetachedData(at location: ImageLocation, ofImage id: String, context: StoreContext) async {
        if !settings.delaysDeletion { await removeData(at: location, ofImage: id, context: context) }
    }

    /// Removes the data of a location whose row says `pending_delete`, unless another row needs them, and marks the row.
    /// What fails is tried again by the scrubber.
    package func removeData(at location: ImageLocation, ofImage id: String, context: StoreContext) async {
        guard let store = stores.store(for: location) else {
            log(
                .locationStoreUnknown, level: .warning, "No configured store holds a location of a deleted image",
                image: id, for: nil)
            return
        }
        do {
            if try await database.locations.giveUpShared(location) { return }
            try await store.delete(location, context: context)
        } catch StoreError.notFound {
            // Somebody removed the data already: that is what we want.
        } catch StoreError.readOnly {
            // Data in a read-only store are not ours to remove.
        } catch {
            // An outage is told by the store itself.
            let isOutage = (error as? StoreError)?.isOutage == true
            log(
                .imageDataNotRemoved, level: isOutage ? .debug : .error,
                "Data of a deleted image could not be removed, will try again",
                image: id, for: nil, error: error, ["store": .string(store.id)])
            return
        }
        guard let row = location.id else { return }
        do {
            try await database.locations.markDeleted(row)
        } catch {
            log(
                .imageDataNotRemoved, level: .error, "A removed location could not be marked, will try again",
                image: id,
                for: nil, error: error, ["store": .string(store.id)])
        }
    }

    /// Forbids downloads to all but administrators (Images API v2, "Deactivate image"). Idempotent.
    public func deactivate(_ id: String, for caller: Caller) async throws {
        try await switchStatus(of: id, from: .active, to: .deactivated, rule: .deactivate, for: caller)
    }

    /// Allows downloads again (Images API v2, "Reactivate image"). Idempotent.
    public func reactivate(_ id: String, for caller: Caller) async throws {
        try await switchStatus(of: id, from: .deactivated, to: .active, rule: .reactivate, for: caller)
    }

    private func switchStatus(
        of id: String, from: ImageStatus, to: ImageStatus, rule: PolicyRule, for caller: Caller
    ) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try await authorization.enforceMutation(rule, on: image, for: caller)
        if image.status == to { return }
        guard image.status == from else {
            throw ServiceError.forbidden(
                "Image status is \(image.status.rawValue); only \(from.rawValue) images can become \(to.rawValue).")
        }
        var changed = image
        changed.status = to
        try await save(changed, over: image)
        if to == .active {
            log(.imageReactivated, "Image reactivated", image: id, for: caller)
        } else {
            log(.imageDeactivated, "Image deactivated", image: id, for: caller)
        }
    }

    /// Writes a changed image; someone else's change of its status in between is a conflict.
    @discardableResult
    func save(_ changed: Image, over image: Image) async throws -> Image {
        var changed = changed
        do {
            changed.updatedAt = try await updateWithinLimits(changed, over: image)
        } catch DatabaseError.notFound {
            throw ServiceError.notFound("No image found with ID \(image.id)")
        } catch DatabaseError.conflict {
            throw ServiceError.conflict("Image \(image.id) was changed by another request; try again.")
        } catch let error as LimitError {
            throw ServiceError(error)
        } catch let error as DatabaseError {
            throw quotas.refusal(error) ?? error
        }
        common.tellUpdate(changed)
        return changed
    }
}

/// One page of a list of images.
public struct ImagePage: Sendable {
    public var images: [Image]
    /// Marker of the next page; nil when there is none.
    public var nextMarker: String?

    public init(images: [Image], nextMarker: String?) {
        self.images = images
        self.nextMarker = nextMarker
    }
}
