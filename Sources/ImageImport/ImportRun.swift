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
import Staging

/// One import from its beginning to its end: fetch, steps, stores, and what is left afterwards.
///
/// Everything that it writes into the database is conditional on its still holding the job. After a crash the next importer does
/// the same again: what is staged stays until the end, and stores that have the data already are passed over.
struct ImportRun: Sendable {
    let job: ImportJob
    let task: ImageTask
    let tools: ImportTools
    let progress: ImportProgress

    var service: ImageService { tools.service }
    var database: ImageDatabase { service.database }

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
            guard try job.attempts <= Self.mostAttempts || isComplete(image) else {
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

    /// Whether all stores have the data: the importer has died after that, and only the end is still to be recorded.
    private func isComplete(_ image: Image) throws -> Bool {
        guard image.status == .active, task.type != LocationImport.type else { return false }
        return missing(try targets(), of: image).isEmpty
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
    func targets() throws -> [any Store] {
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
            let added = image.locations.filter { location in
                image.status == .importing
                    || service.stores.store(for: location).map { targets.contains($0.id) } == true
            }
            // An image never loses all its data.
            if image.status != .active || added.count < image.locations.count { try await takeBack(added, of: id) }
        }
        if (try? request())?.method != .copyImage { try? await tools.staging?.removeAll(ofImage: id) }
        try await record(end)
        service.common.log(
            .importFailed, level: .warning, "Import failed: \(failure)", image: id, for: nil, error: error,
            ["task_id": .string(job.taskID)])
        service.common.tellUpdate(image.imported(end))
    }

    /// Removes what the import has added. Who sees that it has failed may import into the same stores at once.
    private func takeBack(_ locations: [ImageLocation], of id: String) async throws {
        guard !locations.isEmpty else { return }
        let context = StoreContext(deadline: .now + .seconds(45))
        do {
            try await database.imports.withdraw(locations, from: job)
        } catch .conflict {
            throw LostJob()
        }
        for location in locations { await service.removeData(at: location, ofImage: id, context: context) }
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
