import Authorization
import ExternalHTTP
import Glibc
import ImageDatabase
import ImageModel
import ImageService
import ImageSignature
import ImageStore
import ImportPlugins
import ImportSources
import JSON
import Logging
import NIOCore
import Staging
import TextCoding
import UnifiedLimits

/// One import from its beginning to its end: fetch, steps, stores, and what is left afterwards.
///
/// Everything that it writes into the database is conditional on its still holding the job. After a crash the next importer does
/// the same again: what is staged stays until the end, and stores that have the data already are passed over.
struct ImportRun: Sendable {
    let job: ImportJob
    let task: ImageTask
    let tools: ImportTools
    let progress: ImportProgress

    private var service: ImageService { tools.service }
    private var database: ImageDatabase { service.database }

    /// How often an importer may die of a job.
    private static let mostAttempts = 2

    /// Does the import, and records how it has ended.
    ///
    /// - Throws: `LostJob`, `CancellationError`; `DatabaseError` when the end could not be recorded: the job is tried again.
    func run() async throws {
        if job.attempts <= 1, job.imageID != nil {
            service.common.tell("processing", task, status: .processing)
        }
        guard let id = job.imageID else { return try await runTask() }
        guard let image = try await database.images.find(id) else { return try await endWithoutImage(id) }
        do {
            guard job.attempts <= Self.mostAttempts else {
                throw ImportFailure(
                    "The importer has died of this import \(Self.mostAttempts) times; it is not tried again.")
            }
            if task.type == LocationImport.type {
                return try await succeed(try await LocationImport(self).finish(image), [])
            }
            let request = try request()
            let (changed, failed) =
                request.method == .copyImage ? try await copy(image, request) : try await fill(image, request)
            try await succeed(changed, failed)
        } catch {
            try await settle(error, id)
        }
    }

    /// A task of the tasks API: it makes the image as well.
    private func runTask() async throws {
        var job = job
        do {
            let image = try LegacyImport(task).image
            try await database.images.insert(image)
            try await database.imports.adopt(image, for: job)
            job.imageID = image.id
            service.common.tellCreation(image)
        } catch  where error is ImportFailure || (error as? DatabaseError)?.isForGood == true {
            return try await record(
                ImportsFacet.End(
                    status: .failure, message: ImportFailure(error).description,
                    lifetime: tools.settings.taskLifetime))
        }
        try await ImportRun(job: job, task: task, tools: tools, progress: progress).run()
    }

    // MARK: The steps

    private func request() throws -> ImportRequest {
        if task.type == LegacyImport.type { return try LegacyImport(task).request }
        guard let body = task.input?["import_req"] else { throw ImportFailure("The task has no import request.") }
        return try ImportRequest(body, enabled: ImportRequest.methods)
    }

    /// Ids of the stores of the request, as they were when it came.
    private func targets() throws -> [any Store] {
        let ids = task.input?["backend"]?.arrayValue?.compactMap(\.stringValue) ?? []
        if ids.isEmpty { return [service.stores.defaultStore] }
        return try ids.map { id in
            guard let store = service.stores[id] else { throw ImportFailure("There is no store '\(id)' any more.") }
            return store
        }
    }

    /// Into an image that has no data yet.
    private func fill(_ image: Image, _ request: ImportRequest) async throws -> (Image, failed: [String]) {
        guard let staging = tools.staging else { throw ImportFailure("There is no staging area.") }
        let path = staging.path(ofImage: image.id)
        var image = image
        // What a crash has left after the last store has only to be tidied up.
        if image.locations.isEmpty || image.status != .active {
            if let filled = try await pass(image, request) { return filled }
            image = try await fetch(image, request, to: path)
            let verifier = try await service.signatureVerifier(of: image, for: tools.caller(of: job, task))
            let (prepared, file) = try await prepare(image, request, path)
            image = prepared
            let failed = try await store(image, request, from: file, verifier: verifier)
            try? await staging.removeAll(ofImage: image.id)
            guard let now = try await database.images.find(image.id) else { throw LostJob() }
            return (now, failed)
        }
        try? await staging.removeAll(ofImage: image.id)
        return (image, [])
    }

    /// Takes data from the web straight into the only store, where nothing else wants them: half of the reading and writing.
    /// A download that a crash would cost much of, and one that was begun before, are staged, and can go on.
    ///
    /// - Returns: nil where this is not the way, or has failed because of the server.
    private func pass(_ image: Image, _ request: ImportRequest) async throws -> (Image, failed: [String])? {
        guard case .webDownload(let uri) = request.method, request.allStoresMustSucceed, job.attempts <= 1,
            tools.plugins.plugins.isEmpty, try targets().count == 1
        else { return nil }
        try await checkLimits(of: image)
        let verifier = try await service.signatureVerifier(of: image, for: tools.caller(of: job, task))
        let body = try await tools.webDownload.open(uri)
        guard let size = body.expected, size <= Self.largestPassed else { return nil }
        do {
            _ = try await each(try targets(), of: image, mustSucceed: true) { store, current in
                progress.begin(expected: size)
                defer { progress.end() }
                return try await write(
                    CountedBody(base: body, progress: progress), size: size, of: current, into: store,
                    verifier: verifier)
            }
            guard let now = try await database.images.find(image.id) else { throw LostJob() }
            return (now, [])
        } catch  where Self.isOfServer(error) {
            service.logger.debug("a download broke off", metadata: ["task_id": "\(job.taskID)", "error": "\(error)"])
            return nil
        }
    }

    /// Bytes.
    private static let largestPassed: Int64 = 4 << 30

    /// Whether it is the server that has failed, not the store.
    private static func isOfServer(_ error: any Error) -> Bool {
        let cause = (error as? StoreFailure)?.error ?? error
        return (cause as? ExternalHTTPError)?.mayPass ?? false
    }

    /// Brings the data into the staging area.
    private func fetch(_ image: Image, _ request: ImportRequest, to path: String) async throws -> Image {
        switch request.method {
        case .glanceDirect:
            guard let size = await tools.staging?.size(ofImage: image.id) else { throw StoreError.notFound }
            guard image.size == nil || image.size == size else {
                throw ImportFailure("The staged data are not complete any more.")
            }
            return image
        case .copyImage: return image
        case .webDownload(let uri):
            try await checkLimits(of: image)
            try await withDownload(to: path) { file in
                _ = try await tools.webDownload.fetch(uri, into: file) {
                    progress.advance(to: $0.received, expected: $0.expected)
                }
            }
            return image
        case .glanceDownload(let remote):
            guard let credentials = tools.credentials(of: job) else { throw ImportSourceError.noCredentials }
            try await checkLimits(of: image)
            let facts = try await tools.glanceDownload.describe(remote, by: credentials)
            try await withDownload(to: path) { file in
                try await tools.glanceDownload.fetch(remote, size: facts.size, by: credentials, into: file) {
                    progress.advance(to: $0.received, expected: $0.expected)
                }
            }
            var changed = image
            changed.diskFormat = facts.diskFormat
            changed.containerFormat = facts.containerFormat
            for (name, value) in facts.properties { changed.properties[name] = value }
            try await change(image, to: changed)
            return changed
        }
    }

    private func withDownload(to path: String, _ body: (DownloadFile) async throws -> Void) async throws {
        try await tools.staging?.prepare()
        let descriptor = Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o640)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot create a staged file") }
        defer { close(descriptor) }
        progress.begin(expected: nil)
        defer { progress.end() }
        try await body(DownloadFile(descriptor: descriptor, checkpointPath: path + ".download"))
    }

    /// Takes the configured steps.
    ///
    /// - Returns: the image as it is now, and the file with what is to be stored.
    private func prepare(_ image: Image, _ request: ImportRequest, _ path: String) async throws -> (Image, String) {
        guard !tools.plugins.plugins.isEmpty else { return (image, path) }
        let result = try await tools.plugins.run(
            ImportPluginChain.Image(
                path: path, diskFormat: format("disk_format", image.diskFormat, request),
                containerFormat: format("container_format", image.containerFormat, request)),
            roles: job.roles)
        var changed = image
        changed.diskFormat = result.diskFormat
        changed.containerFormat = result.containerFormat
        changed.virtualSize = result.virtualSize
        for (name, value) in result.properties { changed.properties[name] = value }
        try await change(image, to: changed)
        return (changed, result.path)
    }

    /// What the staged data are said to be: what the image said when the import was asked for. A crash may have come after a step
    /// has changed it.
    private func format(_ name: String, _ current: String?, _ request: ImportRequest) -> String {
        if case .glanceDownload = request.method { return current ?? "" }
        return task.input?[name]?.stringValue ?? current ?? ""
    }

    func change(_ image: Image, to changed: Image) async throws {
        guard changed != image else { return }
        do {
            try await database.imports.change(image, to: changed, by: job)
        } catch .conflict {
            throw LostJob()
        }
        service.common.tellUpdate(changed)
    }

    // MARK: Stores

    /// Puts the data into every store.
    ///
    /// - Returns: ids of the stores that did not take them.
    private func store(
        _ image: Image, _ request: ImportRequest, from path: String, verifier: SignatureVerifier?
    ) async throws -> [String] {
        try await each(try targets(), of: image, mustSucceed: request.allStoresMustSucceed) { store, current in
            let body = try await FileBody(path: path, progress: progress)
            progress.begin(expected: body.size)
            defer { progress.end() }
            return try await write(body, size: body.size, of: current, into: store, verifier: verifier)
        }
    }

    /// An import that brings data here needs room in the staging area, and is an upload like others.
    private func checkLimits(of image: Image) async throws {
        guard let limits = service.limits, let owner = image.owner else { return }
        try await limits.check(
            LimitClaim(
                projectID: owner, amounts: [.imageStageTotal: image.size ?? 0, .imageCountUploading: 0]))
    }

    /// Copies an active image into further stores.
    private func copy(_ image: Image, _ request: ImportRequest) async throws -> (Image, failed: [String]) {
        try await checkLimits(of: image)
        let failed = try await each(try targets(), of: image, mustSucceed: request.allStoresMustSucceed) {
            store, current in
            let content = try await open(current)
            switch content {
            case .file(let descriptor, let region):
                let body = FileBody(descriptor: descriptor, region: region, progress: progress)
                progress.begin(expected: body.size)
                defer { progress.end() }
                return try await write(body, size: body.size, of: current, into: store)
            case .stream(let size, let chunks):
                let size = size ?? current.size
                progress.begin(expected: size)
                defer { progress.end() }
                return try await write(
                    CountedBody(base: chunks, progress: progress), size: size, of: current, into: store)
            }
        }
        guard let now = try await database.images.find(image.id) else { throw LostJob() }
        return (now, failed)
    }

    /// The data of an active image, from the first of its stores that has them.
    func open(_ image: Image) async throws -> StoreContent {
        let places = image.locations.compactMap { location in
            service.stores.store(for: location).map { (location, $0) }
        }
        var failure: any Error = StoreError.notFound
        for (location, store) in places.sorted(by: { $0.1.weight > $1.1.weight }) {
            do {
                return try await store.open(location, range: nil, context: .service)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    /// Data that are in a store, of which nobody knows yet.
    private struct Written: Sendable {
        let upload: UploadRecord
        let store: any Store
        let location: ImageLocation
        let result: UploadResult
        let virtualSize: Int64?
    }

    /// Puts the data into stores, as many at a time as `max_parallel_stores` says; those that have them already, from before a
    /// crash, are passed over. One store at a time is recorded, by this task alone.
    ///
    /// - Returns: ids of the stores that did not take them.
    private func each(
        _ targets: [any Store], of image: Image, mustSucceed: Bool,
        _ write: @escaping @Sendable (_ store: any Store, _ current: Image) async throws -> Written
    ) async throws -> [String] {
        let first = try await current(image)
        let missing = targets.filter { store in
            !first.locations.contains { service.stores.store(for: $0)?.id == store.id }
        }
        var failed: [String] = []
        var failure: (any Error)?
        try await withThrowingTaskGroup(of: (any Store, Result<Written, any Error>).self) { group in
            var rest = missing[...]
            var open = missing.map(\.id)
            func begin() {
                guard let store = rest.popFirst() else { return }
                group.addTask {
                    do { return (store, .success(try await write(store, try await current(image)))) } catch {
                        return (store, .failure(error))
                    }
                }
            }
            for _ in 0..<tools.settings.parallelStores { begin() }
            do {
                while let (store, result) = try await group.next() {
                    open.removeAll { $0 == store.id }
                    do {
                        try await record(try result.get(), activates: open.isEmpty || !mustSucceed)
                    } catch  where error is LostJob || error is CancellationError || error is DatabaseError {
                        throw error
                    } catch {
                        try Task.checkCancellation()
                        if mustSucceed || Self.isOfData(error) { throw StoreFailure(store: store.id, error: error) }
                        failed.append(store.id)
                        failure = error
                        service.common.log(
                            .importStoreFailed, level: .warning, "A store did not take the data of an import",
                            image: image.id, for: nil, error: error,
                            ["store": .string(store.id), "task_id": .string(job.taskID)])
                        try await skip(image, failed, open)
                    }
                    begin()
                }
            } catch {
                group.cancelAll()
                while let (_, result) = try? await group.next() {
                    if case .success(let written) = result { await discard(written) }
                }
                throw error
            }
        }
        if let failure, failed.count == targets.count { throw failure }
        return failed
    }

    /// The image as it is now.
    private func current(_ image: Image) async throws -> Image {
        guard let current = try await database.images.find(image.id) else { throw LostJob() }
        return current
    }

    /// Whether it is the data that are refused, which no other store would change.
    private static func isOfData(_ error: any Error) -> Bool {
        if case .unsupportedMediaType? = error as? ServiceError { true } else { false }
    }

    private func skip(_ image: Image, _ failed: [String], _ rest: [String]) async throws {
        do {
            try await database.imports.skip(job, image: image.id, failed: failed, rest: rest)
        } catch .conflict {
            throw LostJob()
        }
    }

    /// Puts the data into one store, as an upload does.
    private func write<Body: AsyncSequence & Sendable>(
        _ body: Body, size: Int64?, of image: Image, into store: any Store, verifier: SignatureVerifier? = nil
    ) async throws -> Written where Body.Element == ByteBuffer {
        let upload = UploadRecord(
            imageID: image.id, uploadID: UUIDText.random(), storeID: store.id, process: service.process)
        service.uploads.insert(upload.uploadID)
        do {
            let context = tools.caller(of: job, task).removalContext
            try await begin(upload, of: image, size: size)
            service.common.tellPrepare(image, store: store.id)
            do {
                let writer = try await service.makeWriter(in: store, for: upload, expectedSize: size, context: context)
                do {
                    let result = try await service.pipeline.run(
                        body, into: writer, limit: service.quotas.imageSize, expectedSize: size,
                        inspection: service.inspection(of: image), signatureAlgorithm: verifier?.hashAlgorithm)
                    try Self.compare(result, with: image)
                    try ImageService.verify(result, by: verifier)
                    let virtualSize = try service.accept(result.content, as: image, for: nil)
                    return Written(
                        upload: upload, store: store, location: try await writer.commit(), result: result,
                        virtualSize: virtualSize)
                } catch {
                    await writer.cancel()
                    throw error
                }
            } catch {
                if !(error is CancellationError) {
                    service.common.tellUploadFailure(image.id, ImportFailure(error).description)
                }
                await service.abandon(upload, in: store)
                throw error
            }
        } catch {
            service.uploads.remove(upload.uploadID)
            throw error
        }
    }

    /// Says that a store has the data.
    ///
    /// - Parameter activates: whether the image needs no more to be active.
    private func record(_ written: Written, activates: Bool) async throws {
        let (upload, store) = (written.upload, written.store)
        defer { service.uploads.remove(upload.uploadID) }
        var changed: Image
        let wasActive: Bool
        do {
            guard let image = try await database.images.find(upload.imageID) else { throw LostJob() }
            try Self.compare(written.result, with: image)
            wasActive = image.status == .active
            changed = image
            changed.size = written.result.size
            changed.virtualSize = written.virtualSize ?? image.virtualSize
            changed.checksum = written.result.checksum
            changed.hashAlgorithm = written.result.hashAlgorithm
            changed.hashValue = written.result.hashValue
            if activates, image.status == .importing { changed.status = .active }
            var location = written.location
            if service.stores.isMultiStore { location.metadata["store"] = .string(store.id) }
            let rest = remainingStores(of: image, after: store)
            try await database.imports.finish(
                upload, of: job, at: location, from: image, to: changed, rest: rest)
            changed.properties[ImportProperty.stores] = rest.isEmpty ? nil : .some(rest.joined(separator: ","))
        } catch DatabaseError.conflict {
            await service.abandon(upload, in: store)
            throw LostJob()
        } catch let error as DatabaseError {
            service.uploads.leaveUnfinished()
            throw error
        } catch {
            await service.abandon(upload, in: store)
            throw error
        }
        try? await store.settle(upload.stored)
        changed.updatedAt = .now
        service.common.tellUpload(changed, wasActive: wasActive)
        service.common.tellUpdate(changed)
    }

    /// Takes data back that will not be recorded.
    private func discard(_ written: Written) async {
        await service.abandon(written.upload, in: written.store)
        service.uploads.remove(written.upload.uploadID)
    }

    private func remainingStores(of image: Image, after store: any Store) -> [String] {
        let names = (image.properties[ImportProperty.stores] ?? nil) ?? ""
        return names.split(separator: ",").map(String.init).filter { $0 != store.id }
    }

    /// Data that have a hash already must be the same, in whatever store.
    private static func compare(_ result: UploadResult, with image: Image) throws {
        guard image.checksum == nil || image.checksum == result.checksum,
            image.hashValue == nil || image.hashAlgorithm != result.hashAlgorithm
                || image.hashValue == result.hashValue
        else { throw ImportFailure("The data do not have the hash that the image has.") }
    }

    /// Records the upload. What a crash has left of the one before goes first, which is the scrubber's work.
    private func begin(_ upload: UploadRecord, of image: Image, size: Int64?) async throws {
        for attempt in 0... {
            do {
                // A copy goes on once it has begun, as it does in Glance.
                if let limits = service.limits, let owner = image.owner, image.status == .importing {
                    let claim = LimitClaim(projectID: owner, amounts: [.imageSizeTotal: size ?? 0])
                    try await limits.claiming(claim) { claim throws(DatabaseError) in
                        try await database.imports.begin(upload, of: job, claim: claim)
                    }
                } else {
                    try await database.imports.begin(upload, of: job)
                }
                return
            } catch DatabaseError.conflict {
                throw LostJob()
            } catch DatabaseError.duplicate where attempt < 600 {
                try await Task.sleep(for: .seconds(1))
            }
        }
    }

    // MARK: The end

    private func succeed(_ image: Image, _ failed: [String]) async throws {
        var end = ImportsFacet.End(
            status: .success, message: progress.message, result: .object(["image_id": .string(image.id)]),
            lifetime: tools.settings.taskLifetime)
        end.failedStores = failed
        try await record(end)
        service.common.tellUpdate(image.imported(end))
        service.common.log(
            .importEnded, "Import ended", image: image.id, for: nil,
            ["task_id": .string(job.taskID), "bytes": .stringConvertible(image.size ?? 0)])
    }

    /// Takes everything back that the import has written, unless somebody else has the job by now.
    private func settle(_ error: any Error, _ id: String) async throws {
        // Whatever a step says when it is stopped: nothing has failed, and the next importer goes on.
        let error = Task.isCancelled && !(error is LostJob) ? CancellationError() : error
        // Outlives a cancellation, which may be what it is about.
        try await Task.detached { try await fail(error, id) }.value
    }

    private func fail(_ error: any Error, _ id: String) async throws {
        if let error = error as? DatabaseError, !error.isForGood { throw error }
        if error is CancellationError { throw error }
        guard let image = try await database.images.find(id) else { return try await endWithoutImage(id) }
        if error is LostJob { throw error }
        let failure = ImportFailure(error)
        var end = ImportsFacet.End(
            status: .failure, message: failure.description, lifetime: tools.settings.taskLifetime)
        end.image = image
        let targets = (try? targets().map(\.id)) ?? []
        if service.stores.isMultiStore, let failure = error as? StoreFailure {
            // Of an image that gets no data at all, no store has taken them.
            end.failedStores = image.status == .active ? [failure.store] : targets
        }
        if image.status == .importing || (try? request())?.method == .copyImage {
            end.removed = image.locations.filter { location in
                image.status == .importing
                    || service.stores.store(for: location).map { targets.contains($0.id) } == true
            }
        }
        // An image never loses all its data.
        if image.status == .active, end.removed.count == image.locations.count { end.removed = [] }
        if (try? request())?.method != .copyImage { try? await tools.staging?.removeAll(ofImage: id) }
        let context = StoreContext(deadline: .now + .seconds(45))
        try await record(end)
        service.common.log(
            .importFailed, level: .warning, "Import failed: \(failure)", image: id, for: nil, error: error,
            ["task_id": .string(job.taskID)])
        service.common.tellUpdate(image.imported(end))
        for location in end.removed { await service.removeData(at: location, ofImage: id, context: context) }
    }

    private func endWithoutImage(_ id: String) async throws {
        try? await tools.staging?.removeAll(ofImage: id)
        try await record(
            ImportsFacet.End(
                status: .failure, message: "The image was deleted.", lifetime: tools.settings.taskLifetime))
    }

    private func record(_ end: ImportsFacet.End) async throws {
        do {
            try await database.imports.end(job, end)
        } catch .conflict {
            throw LostJob()
        }
        service.common.tell(end.status.rawValue, task, status: end.status)
    }
}
