public import Authorization
import Cryptography
import ExternalHTTP
import ImageDatabase
package import ImageModel
import ImageStore
import TextCoding

// Locations written by clients (PATCH with `show_multiple_locations`), and removal from one store.
extension ImageService {
    /// `replace /locations`: sets the first locations of an image, or the metadata of those it has.
    func replaceLocations(
        of image: inout Image, with drafts: [LocationDraft], for caller: Caller
    ) async throws {
        try requireStatus(of: image, among: [.active, .queued], to: "replace locations")
        let isSameData = drafts.map(\.url).sorted() == image.locations.map(\.shownURL).sorted()
        if !image.locations.isEmpty && !isSameData {
            throw ServiceError.invalid("Original locations is not empty; only their metadata can be replaced.")
        }
        try quotas.checkLocations(drafts.count)
        let hashes = try validationData(of: drafts, for: image)
        if isSameData {
            for draft in drafts {
                guard let index = image.locations.firstIndex(where: { $0.shownURL == draft.url }) else { continue }
                image.locations[index].metadata = draft.metadata
            }
        } else {
            guard Set(drafts.map(\.url)).count == drafts.count else { throw Self.duplicateLocation }
            image.locations = []
            for draft in drafts { image.locations.append(try await checkedLocation(draft)) }
            try await learnSize(of: &image)
            try await requireStorage(for: image, locations: image.locations.count)
        }
        try activate(&image, with: hashes)
    }

    /// `add /locations/<index>`: at the end where there are not so many.
    func addLocation(
        _ draft: LocationDraft, at index: Int?, to image: inout Image, for caller: Caller
    ) async throws {
        try requireStatus(of: image, among: [.active, .queued], to: "add locations")
        let hashes = try validationData(of: [draft], for: image)
        let position = min(index ?? .max, image.locations.count)
        try quotas.checkLocations(image.locations.count + 1)
        if image.locations.contains(where: { [$0.url, $0.shownURL].contains(draft.url) }) {
            throw Self.duplicateLocation
        }
        image.locations.insert(try await checkedLocation(draft), at: position)
        try await learnSize(of: &image)
        try await requireStorage(for: image, locations: 1)
        try activate(&image, with: hashes)
    }

    /// `remove /locations/<index>`: the data go too, once the row is written.
    func removeLocation(at index: Int?, from image: inout Image, removed: inout [ImageLocation]) throws {
        try requireStatus(of: image, among: [.active], to: "remove locations")
        if image.locations.count == 1 {
            throw ServiceError.forbidden("Cannot remove last location in the image.")
        }
        let index = index ?? image.locations.count - 1
        guard image.locations.indices.contains(index) else {
            throw ServiceError.invalid("Invalid position for removing a location.")
        }
        removed.append(image.locations.remove(at: index))
    }

    /// Removes an image's data from one of its stores (Images API v2, "Delete image from store").
    public func deleteFromStore(_ storeID: String, image id: String, for caller: Caller) async throws {
        try authorization.requireWriter(caller)
        guard stores.isMultiStore else { throw ServiceError.notFound("Multiple stores are not enabled.") }
        guard stores[storeID] != nil else {
            throw ServiceError.conflict("The selected store \(storeID) is not available on this node.")
        }
        let image = try await common.visibleImage(id, for: caller)
        try await authorization.enforce(.getImageLocation, on: image, for: caller)
        try await authorization.enforceMutation(.deleteImageLocation, on: image, for: caller)
        guard image.status == .active else {
            throw ServiceError.conflict("Image data can be removed from a store only while the image is active.")
        }
        guard image.locations.count > 1 else {
            throw ServiceError.forbidden(
                "Cannot delete image data from the only store containing it. Consider deleting the image instead.")
        }
        guard let index = image.locations.firstIndex(where: { stores.store(for: $0)?.id == storeID }) else {
            throw ServiceError.notFound("Image \(id) is not stored in store \(storeID).")
        }
        var changed = image
        let location = changed.locations.remove(at: index)
        let context = caller.removalContext
        try await save(changed, over: image)
        log(
            .imageLocationRemoved, "Image removed from a store", image: id, for: caller, ["store": .string(storeID)])
        await removeDetachedData(at: location, ofImage: id, context: context)
    }

    // MARK: - Checks

    private static let duplicateLocation = ServiceError.invalid("The same location is given more than once.")

    private func requireStatus(of image: Image, among allowed: [ImageStatus], to action: String) throws(ServiceError) {
        guard allowed.contains(image.status) else {
            throw .conflict("It's not allowed to \(action) if image status is \(image.status.rawValue).")
        }
    }

    /// A location that a client may set: a scheme that some store reads, none of the restricted ones (`file`,
    /// `filesystem`, `swift+config`: CVE-2014-9493, CVE-2015-1195), and for HTTP a host that the import filter allows.
    package func checkedLocation(_ draft: LocationDraft) async throws -> ImageLocation {
        let scheme = draft.url.prefix { $0 != ":" }.lowercased()
        let restricted: Set = ["file", "filesystem", "swift+config"]
        var location = ImageLocation(url: draft.url, metadata: draft.metadata)
        guard !restricted.contains(scheme), draft.url.contains(":"),
            let store = stores.stores.first(where: { $0.schemes.contains(scheme) && $0.accepts(location) })
        else { throw ServiceError.invalid("Invalid location") }
        if ExternalURL.schemes.contains(scheme) {
            // One error for every reason, so that it tells nothing about the network.
            guard let url = ExternalURL(draft.url), (try? await settings.urlFilter.check(url)) != nil else {
                throw ServiceError.invalid("Invalid location")
            }
        }
        if stores.isMultiStore {
            location.metadata["store"] = .string(store.id)
        }
        return location
    }

    /// Takes the size from the store where the image has none yet.
    private func learnSize(of image: inout Image) async throws {
        guard image.size == nil else { return }
        for location in image.locations {
            guard let store = stores.store(for: location) else { continue }
            do {
                image.size = try await store.size(of: location, context: .service)
                return
            } catch {
                logger.warning(
                    "the size of a new location could not be read",
                    metadata: ["image_id": "\(image.id)", "store": "\(store.id)", "error": "\(error)"])
            }
        }
    }

    private func requireStorage(for image: Image, locations: Int) async throws {
        guard let owner = image.owner, let limit = quotas.userStorage, let size = image.size else { return }
        let used = try await database.images.storageUsage(ofProject: owner)
        let (needed, overflow) = size.multipliedReportingOverflow(by: Int64(locations))
        guard !overflow, used + needed <= limit else { throw Self.storageQuotaExceeded }
    }

    static let storageQuotaExceeded = ServiceError.tooLarge(
        "Denying attempt to store image data because it exceeds the storage quota of the project.")

    private struct ValidationData {
        var checksum: String?
        var algorithm: String?
        var value: String?
    }

    /// Merges the `validation_data` of locations and compares them with what the image has. Conflicts are 409.
    private func validationData(of drafts: [LocationDraft], for image: Image) throws(ServiceError) -> ValidationData {
        func merge(
            _ name: String, _ values: [String?], current: String?
        ) throws(ServiceError) -> String? {
            let given = Set(values.compactMap { $0 })
            guard given.count <= 1 else { throw .conflict("Conflicting values for \(name)") }
            guard let value = given.first, value != current else { return nil }
            guard current == nil else { throw .conflict("\(name) is already set with a different value") }
            return value
        }
        let data = ValidationData(
            checksum: try merge("checksum", drafts.map(\.checksum), current: image.checksum),
            algorithm: try merge("os_hash_algo", drafts.map(\.hashAlgorithm), current: image.hashAlgorithm),
            value: try merge("os_hash_value", drafts.map(\.hashValue), current: image.hashValue))
        if data.checksum == nil && data.algorithm == nil && data.value == nil { return data }
        guard image.status == .queued else {
            throw .conflict("New hash values may only be provided when image status is 'queued'")
        }
        if let checksum = data.checksum, !Hexadecimal.isValid(checksum, digits: 32) {
            throw .conflict("checksum (\(checksum)) is not a valid MD5 in hexadecimal")
        }
        let algorithm = settings.hashingAlgorithm
        guard data.algorithm == algorithm, let value = data.value else {
            throw .conflict("os_hash_algo must be \(algorithm), not \(data.algorithm ?? "missing")")
        }
        guard Hexadecimal.isValid(value, digits: 2 * (try Digest.imageHashSize(algorithm))) else {
            throw .conflict("os_hash_value (\(value)) is not a valid \(algorithm) in hexadecimal")
        }
        return data
    }

    /// The first location makes a queued image active; both formats must be known by then.
    private func activate(_ image: inout Image, with hashes: ValidationData) throws(ServiceError) {
        guard image.status == .queued else { return }
        try requireFormats(of: image)
        image.checksum = hashes.checksum ?? image.checksum
        image.hashAlgorithm = hashes.algorithm ?? image.hashAlgorithm
        image.hashValue = hashes.value ?? image.hashValue
        image.status = .active
    }

    /// Data may only be stored when it is known what they are.
    package func requireFormats(of image: Image) throws(ServiceError) {
        let missing = [("disk_format", image.diskFormat), ("container_format", image.containerFormat)]
            .filter { $0.1 == nil }.map(\.0)
        if !missing.isEmpty {
            throw .invalid("\(missing.joined(separator: ", ")) must be set prior to saving data.")
        }
    }
}
