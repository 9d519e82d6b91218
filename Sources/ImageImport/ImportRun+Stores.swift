import ImageDatabase
import ImageModel
import ImageService
import ImageSignature
import ImageStore
import Logging
import NIOCore
import TextCoding
import UnifiedLimits

/// How an import puts data into stores.
extension ImportRun {
    /// Puts the data into every store.
    ///
    /// - Returns: ids of the stores that did not take them.
    func store(
        _ image: Image, _ request: ImportRequest, from path: String, verifier: SignatureVerifier?
    ) async throws -> [String] {
        try await each(try targets(), of: image, mustSucceed: request.allStoresMustSucceed) { store, current in
            let body = try await FileBody(path: path, progress: progress)
            progress.begin(expected: body.size)
            defer { progress.end() }
            return try await write(size: body.size, of: current, into: store) { writer in
                // From a store that has taken them already.
                if let result = try await copyWithin(current, into: writer) { return result }
                return try await run(body, size: body.size, of: current, into: writer, verifier: verifier)
            }
        }
    }

    /// An import that brings data here needs room in the staging area, and is an upload like others.
    func checkLimits(of image: Image) async throws {
        guard let limits = service.limits, let owner = image.owner else { return }
        try await limits.check(
            LimitClaim(
                projectID: owner, amounts: [.imageStageTotal: image.size ?? 0, .imageCountUploading: 0]))
    }

    /// Copies an active image into further stores.
    func copy(_ image: Image, _ request: ImportRequest) async throws -> (Image, failed: [String]) {
        try await checkLimits(of: image)
        let failed = try await each(try targets(), of: image, mustSucceed: request.allStoresMustSucceed) {
            store, current in
            progress.begin(expected: current.size)
            defer { progress.end() }
            return try await write(size: current.size, of: current, into: store) { writer in
                if let result = try await copyWithin(current, into: writer) { return result }
                return try await carry(current, into: writer)
            }
        }
        guard let now = try await database.images.find(image.id) else { throw LostJob() }
        return (now, failed)
    }

    /// Reads the data, and writes them.
    private func carry(_ image: Image, into writer: any StoreWriter) async throws -> UploadResult {
        switch try await open(image) {
        case .file(let descriptor, let region):
            let body = FileBody(descriptor: descriptor, region: region, progress: progress)
            return try await run(body, size: body.size, of: image, into: writer)
        case .stream(let size, let chunks):
            let body = CountedBody(base: chunks, progress: progress)
            return try await run(body, size: size ?? image.size, of: image, into: writer)
        }
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
    struct Written: Sendable {
        let upload: UploadRecord
        let store: any Store
        let location: ImageLocation
        let result: UploadResult
        let virtualSize: Int64?
    }

    /// The stores that do not have the data yet.
    func missing(_ targets: [any Store], of image: Image) -> [any Store] {
        targets.filter { store in !image.locations.contains { service.stores.store(for: $0)?.id == store.id } }
    }

    /// Puts the data into stores, as many at a time as `max_parallel_stores` says; those that have them already, from before a
    /// crash, are passed over. One store at a time is recorded, by this task alone.
    ///
    /// - Returns: ids of the stores that did not take them.
    func each(
        _ targets: [any Store], of image: Image, mustSucceed: Bool,
        _ write: @escaping @Sendable (_ store: any Store, _ current: Image) async throws -> Written
    ) async throws -> [String] {
        let missing = missing(targets, of: try await current(image))
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
    func write<Body: AsyncSequence & Sendable>(
        _ body: Body, size: Int64?, of image: Image, into store: any Store, verifier: SignatureVerifier? = nil
    ) async throws -> Written where Body.Element == ByteBuffer {
        try await write(size: size, of: image, into: store) { writer in
            try await run(body, size: size, of: image, into: writer, verifier: verifier)
        }
    }

    /// - Parameter fill: gives the data to the writer.
    private func write(
        size: Int64?, of image: Image, into store: any Store, fill: (any StoreWriter) async throws -> UploadResult
    ) async throws -> Written {
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
                    let result = try await fill(writer)
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

    private func run<Body: AsyncSequence & Sendable>(
        _ body: Body, size: Int64?, of image: Image, into writer: any StoreWriter, verifier: SignatureVerifier? = nil
    ) async throws -> UploadResult where Body.Element == ByteBuffer {
        let result = try await service.pipeline.run(
            body, into: writer, limit: service.quotas.imageSize, expectedSize: size,
            inspection: service.inspection(of: image), signatureAlgorithm: verifier?.hashAlgorithm)
        try Self.compare(result, with: image)
        try ImageService.verify(result, by: verifier)
        return result
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
        var shared = changed
        shared.locations = [written.location]
        await service.common.shareData(of: shared, for: tools.caller(of: job, task))
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
                // What this process itself has left can go now.
                try? await service.recoverOwnUploads()
                if attempt > 0 { try await Task.sleep(for: .seconds(1)) }
            }
        }
    }
}
