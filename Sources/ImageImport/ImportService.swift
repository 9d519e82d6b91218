public import Authorization
import ImageDatabase
import ImageModel
public import ImageService
import ImageStore
public import ImportSources
import JSON
import Logging
public import NIOCore
public import Staging
import TextCoding
import UnifiedLimits

/// What requests do about imports: data are staged, and imports are queued. Importers do them (``ImportJobs``).
public struct ImportService: Sendable {
    let service: ImageService
    public let settings: ImportSettings
    /// Nil where there is no place to stage data.
    let staging: StagingDirectory?
    private let webDownload: WebDownload
    private let seal: CredentialSeal?
    private let wakeImporter: @Sendable () -> Void

    /// - Parameters:
    ///   - seal: nil where there is no secret to seal users' tokens with; then `glance-download` is not possible.
    ///   - wakeImporter: tells this node's importer that there is something to do.
    public init(
        _ service: ImageService, settings: ImportSettings, staging: StagingDirectory?, sources: ImportSourceSettings,
        seal: CredentialSeal?, wakeImporter: @escaping @Sendable () -> Void
    ) {
        self.service = service
        self.settings = settings
        self.staging = staging
        self.seal = seal
        self.wakeImporter = wakeImporter
        webDownload = WebDownload(sources)
    }

    private var common: ServiceContext { service.common }

    // MARK: Import

    /// Queues an import (Images API v2, "Import an image"). Refuses what cannot succeed.
    ///
    /// - Parameter store: `X-Image-Meta-Store`.
    public func importImage(
        _ id: String, _ request: ImportRequest, store: String?, for caller: Caller
    ) async throws {
        let image = try await common.changeableImage(id, for: caller)
        try requireState(of: image, request)
        if request.method == .copyImage {
            try await common.authorization.enforce(.copyImage, on: image, for: caller)
        } else {
            try await common.authorization.enforceMutation(.modifyImage, on: image, for: caller)
        }
        let staleTask = try await staleTask(of: image)
        var targets = try targets(of: request, store: store)
        if request.method == .copyImage {
            let present = Set(image.locations.compactMap { common.stores.store(for: $0)?.id })
            if request.allStores {
                targets.removeAll(where: present.contains)
                // Nothing to do is no error.
                if targets.isEmpty { return }
            } else if let store = targets.first(where: present.contains) {
                throw ServiceError.invalid("Image is already present at store '\(store)'")
            }
        }
        if !request.allStoresMustSucceed, !common.stores.isMultiStore {
            throw ServiceError.invalid("'all_stores_must_succeed' needs enabled_backends.")
        }
        if case .webDownload(let uri) = request.method {
            try await checkSource(uri)
        }
        try await enqueue(request, image, targets, staleTask, caller)
        wakeImporter()
    }

    /// Checks the URL that a task of the tasks API names.
    public func checkSource(_ uri: String) async throws {
        do { try await webDownload.check(uri) } catch { throw ServiceError.invalid(error.publicText) }
    }

    private func requireState(of image: Image, _ request: ImportRequest) throws(ServiceError) {
        switch request.method {
        case .copyImage:
            guard image.status == .active else {
                throw .conflict("Only images with status active can be targeted for copying")
            }
        case _ where image.status == .active:
            throw .conflict("Image with status active cannot be target for import")
        case .webDownload, .glanceDownload:
            guard image.status == .queued else {
                throw .conflict("The image must be queued for this import method, it is \(image.status.rawValue)")
            }
        case .glanceDirect:
            guard image.status == .uploading else {
                throw .conflict("Image needs to be staged before 'glance-direct' method can be used")
            }
        }
        if image.containerFormat == nil { throw .conflict("'container_format' needs to be set before import") }
        if image.diskFormat == nil { throw .conflict("'disk_format' needs to be set before import") }
    }

    /// The task that holds the image's lock but has shown no life for too long; nil when nobody holds it.
    ///
    /// - Throws: `ServiceError.conflict` when it is held.
    func staleTask(of image: Image) async throws -> String? {
        guard let lock = image.properties[ImportProperty.task] ?? nil else { return nil }
        let held = ServiceError.conflict("Image has active task")
        guard let task = try await common.database.tasks.find(lock, owner: nil) else {
            // A lock without task is of a crash between the two; the image has changed with it.
            guard image.updatedAt.advanced(bySeconds: Self.lockTime) < .now else { throw held }
            return lock
        }
        if task.isFinished { return lock }
        let time = task.status == .pending ? 2 * Self.lockTime : Self.lockTime
        guard task.updatedAt.advanced(bySeconds: time) < .now else { throw held }
        return lock
    }

    /// Seconds after which a task without a sign of life loses its lock (Glance's own time).
    private static let lockTime: Int64 = 3600

    /// Ids of the stores that are to get the data; one empty id without multi-store.
    private func targets(of request: ImportRequest, store: String?) throws(ServiceError) -> [String] {
        let stores = common.stores
        guard stores.isMultiStore else { return [stores.defaultStore.id] }
        if request.allStores {
            guard request.stores == nil, store == nil else {
                throw .invalid(
                    "'all_stores' cannot be used together with 'stores' or the header x-image-meta-store.")
            }
            return stores.stores.filter { !$0.isReadOnly }.map(\.id)
        }
        if request.stores != nil, store != nil {
            throw .invalid("'stores' and the header x-image-meta-store cannot both be given.")
        }
        let wanted = request.stores ?? [store ?? stores.defaultStore.id]
        for id in wanted where stores[id] == nil {
            throw .conflict("There is no store '\(id.prefix(64))'.")
        }
        return wanted
    }

    private func enqueue(
        _ request: ImportRequest, _ image: Image, _ targets: [String], _ staleTask: String?, _ caller: Caller
    ) async throws {
        let names = common.stores.isMultiStore ? targets : []
        let task = ImageTask(
            id: UUIDText.random(), type: "api_image_import", owner: caller.project ?? "", imageID: image.id,
            requestID: caller.requestID, userID: caller.identity?.userID,
            input: .object([
                "image_id": .string(image.id), "import_req": request.body,
                "backend": .array(names.isEmpty ? [.null] : names.map { .string($0) }),
                // What the data are said to be; steps of the import change that of the image.
                "disk_format": image.diskFormat.map { .string($0) } ?? .null,
                "container_format": image.containerFormat.map { .string($0) } ?? .null,
            ]))
        var job = ImportJob(
            taskID: task.id, imageID: image.id, projectID: image.owner ?? "",
            needsStagedFile: request.method == .glanceDirect)
        job.roles = caller.identity?.roles ?? []
        job.credentials = try credentials(of: caller, for: request, image, job: task.id)
        let start = ImportStart(
            image: image, status: request.method == .copyImage ? nil : .importing, stores: names,
            staleTask: staleTask, job: job)
        do {
            if let limits = service.limits, let owner = image.owner {
                // The rest is checked when the import begins, and the task says what came of it.
                let claim = LimitClaim(projectID: owner, amounts: [.imageSizeTotal: 0])
                try await limits.claiming(claim) { claim throws(DatabaseError) in
                    try await common.database.imports.enqueue(task, start, claim: claim)
                }
            } else {
                try await common.database.imports.enqueue(task, start)
            }
        } catch DatabaseError.duplicate {
            throw ServiceError.conflict("Image has active task")
        } catch DatabaseError.conflict {
            throw ServiceError.conflict("Image \(image.id) was changed by another request; try again.")
        } catch DatabaseError.notFound {
            throw ServiceError.notFound("No image found with ID \(image.id)")
        } catch let error as LimitError {
            throw ServiceError(error)
        }
        common.log(
            .importQueued, "Import queued", image: image.id, for: caller,
            ["task_id": .string(task.id), "stores": .string(targets.joined(separator: ","))])
        common.tellQueued(task)
        common.tellUpdate(image.importing(by: task, status: start.status ?? image.status))
    }

    /// What the importer needs the user's token for: another Glance, and the certificates of signed images.
    private func credentials(
        of caller: Caller, for request: ImportRequest, _ image: Image, job: String
    ) throws(ServiceError) -> String? {
        let isSigned = image.properties.keys.contains { $0.hasPrefix("img_signature") }
        var isNeeded = isSigned
        if case .glanceDownload = request.method { isNeeded = true }
        guard isNeeded, let token = caller.token else { return nil }
        let credentials = JobCredentials(token: token, catalog: caller.identity?.serviceCatalog)
        return seal?.seal(credentials, job: job)
    }

    // MARK: Staging

    /// Deletes an image (Images API v2, "Delete image") and what this node has staged for it. What another node has staged
    /// goes with that node's next sweep.
    public func delete(_ id: String, for caller: Caller) async throws {
        try await service.delete(id, for: caller)
        do {
            try await staging?.removeData(ofImage: id)
        } catch {
            // The image is gone; the scrubber finds files of such.
            common.logger.warning(
                "the staged data of a deleted image could not be removed, the scrubber will",
                metadata: ["image_id": "\(id)", "error": "\(error)"])
        }
    }

    /// Stages an image's data (Images API v2, "Stage binary image data").
    ///
    /// The row goes to `uploading` together with an upload record; if this process dies, the scrubber makes the image
    /// `queued` again.
    ///
    /// - Parameter expectedSize: bytes to come, where the client has said it.
    public func stage<Body: AsyncSequence & Sendable>(
        _ body: Body, for id: String, expectedSize: Int64?, caller: Caller
    ) async throws where Body.Element == ByteBuffer {
        guard settings.methods.contains("glance-direct"), let staging else {
            throw ServiceError.notFound("The import method glance-direct is not enabled.")
        }
        let image = try await common.changeableImage(id, for: caller)
        try await common.authorization.enforceMutation(.modifyImage, on: image, for: caller)
        guard image.status == .queued else {
            throw ServiceError.conflict(
                "Image status transition from \(image.status.rawValue) to uploading is not allowed")
        }
        let limit = common.quotas.imageSize
        if let expectedSize, expectedSize > limit { throw Self.tooLarge(limit) }
        let upload = UploadRecord(
            imageID: id, uploadID: UUIDText.random(), storeID: StagingDirectory.storeID, process: service.process)
        service.uploads.insert(upload.uploadID)
        defer { service.uploads.remove(upload.uploadID) }
        try await begin(upload, image, expectedSize)
        var current = image
        current.status = .uploading
        current.updatedAt = .now
        common.tellUpdate(current)
        var file: StagedFile?
        do {
            let staged = try await staging.makeFile(imageID: id, uploadID: upload.uploadID)
            file = staged
            let size = try await Self.copy(body, into: staged, limit: limit, expectedSize: expectedSize)
            try await staged.commit()
            try await common.database.uploads.finishStaging(upload, size: size, host: settings.selfURL)
            common.log(.imageStaged, "Image staged", image: id, for: caller, ["bytes": .stringConvertible(size)])
            current.size = size
            current.properties[ImportProperty.stageHost] = settings.selfURL
            current.updatedAt = .now
            common.tellUpdate(current)
        } catch {
            await abandon(upload, file)
            current.status = .queued
            common.tellUpdate(current)
            if case DatabaseError.conflict = error { throw Self.gone(id) }
            if case DatabaseError.notFound = error { throw Self.gone(id) }
            if case StoreError.duplicate = error {
                throw ServiceError.conflict("The image \(id) has data on staging")
            }
            throw ImageService.clientError(error)
        }
    }

    private func begin(_ upload: UploadRecord, _ image: Image, _ expectedSize: Int64?) async throws {
        do {
            if let limits = service.limits, let owner = image.owner {
                let claim = LimitClaim(
                    projectID: owner, amounts: [.imageStageTotal: expectedSize.wholeMebibytes, .imageCountUploading: 1])
                try await limits.claiming(claim) { claim throws(DatabaseError) in
                    try await common.database.uploads.beginStaging(upload, claim: claim)
                }
            } else {
                try await common.database.uploads.beginStaging(upload)
            }
        } catch DatabaseError.conflict {
            throw ServiceError.conflict("Another upload to image \(image.id) is under way.")
        } catch DatabaseError.notFound {
            throw ServiceError.notFound("No image found with ID \(image.id)")
        } catch let error as LimitError {
            throw ServiceError(error)
        }
    }

    private static func copy<Body: AsyncSequence>(
        _ body: Body, into file: StagedFile, limit: Int64, expectedSize: Int64?
    ) async throws -> Int64 where Body.Element == ByteBuffer {
        var size: Int64 = 0
        var block: [ByteBuffer] = []
        var bytes = 0
        for try await buffer in body {
            size += Int64(buffer.readableBytes)
            if size > limit { throw tooLarge(limit) }
            block.append(buffer)
            bytes += buffer.readableBytes
            if bytes >= 1 << 20 {
                try await file.write(block)
                block = []
                bytes = 0
            }
        }
        // Sequences also end when their reader is cancelled; that is not the end of the data.
        try Task.checkCancellation()
        if let expectedSize, size != expectedSize {
            throw ServiceError.invalid("Size mismatch: expected \(expectedSize) bytes, got \(size) bytes")
        }
        try await file.write(block)
        return size
    }

    private func abandon(_ upload: UploadRecord, _ file: StagedFile?) async {
        do {
            guard try await common.database.uploads.abandon(upload) else { return }
            await file?.remove()
            try await common.database.uploads.abort(upload)
        } catch {
            // The record is what the scrubber finds.
            common.logger.warning(
                "a failed staging could not be cleaned up, the scrubber will",
                metadata: ["image_id": "\(upload.imageID)", "error": "\(error)"])
        }
    }

    private static func tooLarge(_ limit: Int64) -> ServiceError {
        .tooLarge("The image is larger than the \(limit) bytes that are allowed.")
    }

    private static func gone(_ id: String) -> ServiceError {
        .gone("Image \(id) was deleted while its data were being staged; the data have been removed.")
    }
}

extension Int64? {
    /// Rounded down, as the usage of the staging area is (``LimitedResource/imageStageTotal``).
    fileprivate var wholeMebibytes: Int64 { ((self ?? 0) >> 20) << 20 }
}
