public import Authorization
import Cryptography
import ExternalHTTP
import ImageDatabase
public import ImageModel
import ImageService
import JSON
import TextCoding

/// The locations API (Images API v2.17): services tell where an image's data are, and ask for it.
public struct LocationService: Sendable {
    /// What a request says about the data of a location.
    public struct Draft: Sendable, Equatable {
        public var url: String
        /// Hash that the data must have: algorithm and hexadecimal text.
        public var validation: (algorithm: String, value: String)?

        public static func == (left: Draft, right: Draft) -> Bool {
            left.url == right.url && left.validation?.algorithm == right.validation?.algorithm
                && left.validation?.value == right.validation?.value
        }

        public init(url: String, validation: (algorithm: String, value: String)? = nil) {
            self.url = url
            self.validation = validation
        }
    }

    private let service: ImageService
    private let imports: ImportService
    private let wakeImporter: @Sendable () -> Void

    /// - Parameter wakeImporter: tells this node's importer that there is something to do.
    public init(_ imports: ImportService, wakeImporter: @escaping @Sendable () -> Void) {
        self.imports = imports
        service = imports.service
        self.wakeImporter = wakeImporter
    }

    /// Gives a queued image its data where they lie. The importer reads and hashes them.
    public func add(_ draft: Draft, to id: String, for caller: Caller) async throws {
        let common = service.common
        let image = try await common.changeableImage(id, for: caller)
        guard image.status == .queued else {
            throw ServiceError.conflict(
                "It's not allowed to add locations if image status is \(image.status.rawValue).")
        }
        try await common.authorization.enforce(.addImageLocation, on: image, for: caller)
        let scheme = draft.url.prefix { $0 != ":" }.lowercased()
        let isWeb = ExternalURL.schemes.contains(scheme)
        if !caller.isService {
            guard isWeb, common.stores.stores.contains(where: { $0.schemes.contains(scheme) }) else {
                throw ServiceError.forbidden("Only services can add locations of other stores than http.")
            }
        }
        if let validation = draft.validation { try Self.check(validation) }
        // One error for every reason, so that it tells nothing about the network.
        let location = try await service.checkedLocation(LocationDraft(url: draft.url))
        try service.requireFormats(of: image)
        var input: [String: JSONValue] = ["image_id": .string(id), "loc_url": .string(location.url)]
        input["validation_data"] =
            draft.validation.map { ["os_hash_algo": .string($0.algorithm), "os_hash_value": .string($0.value)] } ?? [:]
        let task = ImageTask(
            id: UUIDText.random(), type: LocationImport.type, owner: caller.project ?? "", imageID: id,
            requestID: caller.requestID, userID: caller.identity?.userID, input: .object(input))
        let start = ImportStart(
            image: image, status: .importing, stores: [], staleTask: try await imports.staleTask(of: image),
            job: ImportJob(taskID: task.id, imageID: id, projectID: image.owner ?? ""))
        do {
            try await common.database.imports.enqueue(task, start)
        } catch {
            throw Self.refusal(error, id)
        }
        wakeImporter()
        common.log(.importQueued, "Location queued", image: id, for: caller, ["task_id": .string(task.id)])
        common.tellQueued(task)
        common.tellUpdate(image.importing(by: task, status: .importing))
    }

    /// Where an image's data are.
    public func locations(of id: String, for caller: Caller) async throws -> [ImageLocation] {
        let image = try await service.common.visibleImage(id, for: caller)
        try await service.common.authorization.enforce(.fetchImageLocation, on: image, for: caller)
        return image.locations
    }

    private static func refusal(_ error: DatabaseError, _ id: String) -> any Error {
        switch error {
        case .duplicate: ServiceError.conflict("Image has active task")
        case .conflict: ServiceError.conflict("Image \(id) was changed by another request; try again.")
        case .notFound: ServiceError.notFound("No image found with ID \(id)")
        default: error
        }
    }

    private static let algorithms = ["md5", "sha1", "sha256", "sha512"]

    private static func check(_ validation: (algorithm: String, value: String)) throws(ServiceError) {
        guard algorithms.contains(validation.algorithm) else {
            throw .invalid("os_hash_algo must be one of \(algorithms.joined(separator: ", ")).")
        }
        let size = try Digest.imageHashSize(validation.algorithm)
        guard Hexadecimal.isValid(validation.value, digits: 2 * size) else {
            throw .invalid("os_hash_value must be \(size) bytes in hexadecimal for \(validation.algorithm).")
        }
    }
}

extension Caller {
    /// Whether a service acts, by itself or with a user's token.
    fileprivate var isService: Bool {
        let roles = (identity?.roles ?? []) + (identity?.service?.roles ?? [])
        return roles.contains { $0.lowercased() == "service" }
    }
}
