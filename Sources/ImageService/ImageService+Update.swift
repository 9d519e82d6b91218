public import Authorization
public import ImageModel
import ImageStore

extension ImageService {
    /// Changes an image (Images API v2, "Update image").
    ///
    /// Every change is authorized and checked before anything is stored; a refused list changes nothing.
    public func update(_ id: String, _ changes: [ImageChange], for caller: Caller) async throws -> Image {
        let image = try await common.changeableImage(id, for: caller)
        if changes.isEmpty {
            try await authorization.enforce(.getImage, on: image, for: caller)
            return await shown(image, to: caller)
        }
        var changed = image
        var removed: [ImageLocation] = []
        for change in changes {
            try await authorize(change, on: image, for: caller)
            try await apply(change, to: &changed, removed: &removed, for: caller)
        }
        if Set(changed.properties.keys).isSubset(of: image.properties.keys) == false {
            try quotas.checkProperties(changed.properties)
        }
        let context = caller.removalContext
        if changed != image {
            changed = try await save(changed, over: image)
            if image.status == .queued, changed.status == .active {
                log(
                    .imageActive, "Image active by its first location", image: id, for: caller,
                    ["bytes": .stringConvertible(changed.size ?? 0)])
            } else {
                log(.imageUpdated, "Image updated", image: id, for: caller)
            }
            if changed.visibility != image.visibility || changed.locations != image.locations {
                await common.shareData(of: changed, for: caller)
            }
        }
        for location in removed {
            await removeDetachedData(at: location, ofImage: id, context: context)
        }
        return await shown(changed, to: caller)
    }

    /// Asks the policies that one change needs. Adding a base attribute is the same as replacing it.
    private func authorize(_ change: ImageChange, on image: Image, for caller: Caller) async throws {
        switch change {
        case .owner where !caller.isAdmin:
            try await authorization.enforce(.getImage, on: image, for: caller)
            throw ServiceError.forbidden("Owner can't be updated by non admin.")
        case .replaceLocations(let drafts) where drafts.isEmpty:
            try await authorization.enforce(.getImage, on: image, for: caller)
            throw ServiceError.forbidden("Cannot set locations to empty list.")
        case .replaceLocations, .addLocation:
            try await authorization.enforce(.setImageLocation, on: image, for: caller)
            try requireVisibleLocations("update")
        case .removeLocation:
            try await authorization.enforceMutation(.deleteImageLocation, on: image, for: caller)
            try requireVisibleLocations("remove")
        case .visibility(let visibility):
            try await authorization.enforceVisibility(visibility, on: image, for: caller)
            try await authorization.enforceMutation(.modifyImage, on: image, for: caller)
        default:
            try await authorization.enforceMutation(.modifyImage, on: image, for: caller)
        }
    }

    private func requireVisibleLocations(_ verb: String) throws(ServiceError) {
        guard settings.showsLocations else {
            throw .forbidden("It's not allowed to \(verb) locations if locations are invisible.")
        }
    }

    private func apply(
        _ change: ImageChange, to image: inout Image, removed: inout [ImageLocation], for caller: Caller
    ) async throws {
        switch change {
        case .name(let name): image.name = name
        case .visibility(let visibility): image.visibility = visibility
        case .owner(let owner): image.owner = owner
        case .isProtected(let value): image.isProtected = value
        case .isHidden(let value): image.isHidden = value
        case .minDisk(let value): image.minDisk = value
        case .minRAM(let value): image.minRAM = value
        case .diskFormat(let format):
            try requireReplaceableFormat("disk_format", of: image)
            image.diskFormat = format
        case .containerFormat(let format):
            try requireReplaceableFormat("container_format", of: image)
            image.containerFormat = format
        case .tags(let tags):
            try quotas.checkTags(tags)
            image.tags = tags
        case .addProperty(let name, let value, let mustBeNew):
            // What the caller may not read is not there: nobody learns from this whether it is.
            let isVisible = await common.protection?.allows(.read, name, for: caller) ?? true
            let isThere = image.properties[name] != nil && isVisible
            if mustBeNew, isThere { throw ServiceError.conflict("Property \(name) already present.") }
            try await requireProtection(isThere ? .update : .create, name, for: caller)
            image.properties[name] = value
        case .replaceProperty(let name, let value):
            try await requireProperty(name, of: image, for: caller)
            try await requireProtection(.update, name, for: caller)
            image.properties[name] = value
        case .removeProperty(let name):
            try await requireProperty(name, of: image, for: caller)
            try await requireProtection(.delete, name, for: caller)
            image.properties[name] = nil
        case .replaceLocations(let drafts):
            try await replaceLocations(of: &image, with: drafts, for: caller)
        case .addLocation(let index, let draft):
            try await addLocation(draft, at: index, to: &image, for: caller)
        case .removeLocation(let index):
            try removeLocation(at: index, from: &image, removed: &removed)
        }
    }

    private func requireReplaceableFormat(_ attribute: String, of image: Image) throws(ServiceError) {
        guard image.status == .queued || image.status == .importing else {
            throw .forbidden("Attribute \(attribute) can be only replaced for a queued image.")
        }
    }

    /// A property that the caller may not read is not there.
    private func requireProperty(_ name: String, of image: Image, for caller: Caller) async throws(ServiceError) {
        let isVisible = await common.protection?.allows(.read, name, for: caller) ?? true
        guard image.properties[name] != nil, isVisible else {
            throw .conflict("Property \(name) does not exist.")
        }
    }

    /// Asks the property protections.
    func requireProtection(
        _ operation: PropertyProtection.Operation, _ name: String, for caller: Caller
    ) async throws(ServiceError) {
        guard let protection = common.protection else { return }
        guard await protection.allows(operation, name, for: caller) else {
            throw .forbidden("Property '\(name)' is protected")
        }
    }
}
