public import Authorization
package import ImageDatabase
import ImageModel
package import ImageStore
public import NIOCore
import TextCoding
import UnifiedLimits

extension ImageService {
    /// Stores an image's data (Images API v2, "Upload binary image data").
    ///
    /// The row goes to `saving` together with an upload record; the bytes become durable under a temporary name, then
    /// visible; the row goes to `active` together with location, size and hashes. Whatever fails on the way leaves a
    /// `queued` image without bytes, and whatever dies leaves the record, by which the scrubber does the same.
    ///
    /// - Parameters:
    ///   - store: id from `X-Image-Meta-Store`; nil is the default store. Ignored without multi-store.
    ///   - expectedSize: bytes to come, from `x-openstack-image-size` or `Content-Length`.
    public func upload<Body: AsyncSequence & Sendable>(
        _ body: Body, to id: String, store storeID: String?, expectedSize: Int64?, for caller: Caller
    ) async throws where Body.Element == ByteBuffer {
        try authorization.requireWriter(caller)
        let store = try uploadStore(storeID)
        let image = try await common.visibleImage(id, for: caller)
        try await authorization.enforceMutation(.uploadImage, on: image, for: caller)
        guard image.status == .queued else {
            throw ServiceError.conflict(
                "Image status transition from \(image.status.rawValue) to saving is not allowed")
        }
        try requireFormats(of: image)
        if store.isReadOnly {
            throw ServiceError.gone("Error in store configuration. Adding images to store is disabled.")
        }
        let limit = try await uploadLimit(for: image, expectedSize: expectedSize)
        let verifier = try await signatureVerifier(of: image, for: caller)

        let upload = UploadRecord(
            imageID: id, uploadID: UUIDText.random(), storeID: store.id, process: process)
        uploads.insert(upload.uploadID)
        defer { uploads.remove(upload.uploadID) }
        let context = caller.removalContext
        let allowance: UploadAllowance?
        do {
            allowance = try await beginWithinLimits(upload, of: image, size: expectedSize)
        } catch DatabaseError.conflict {
            throw ServiceError.conflict("Another upload to image \(id) is under way.")
        } catch DatabaseError.notFound {
            throw ServiceError.notFound("No image found with ID \(id)")
        } catch let error as LimitError {
            throw ServiceError(error)
        }
        let start = ContinuousClock.now
        log(
            .uploadBegun, "Upload begun", image: id, for: caller,
            ["store": .string(store.id), "expected_bytes": .string(expectedSize.map(String.init) ?? "unknown")])
        var current = image
        current.status = .saving
        current.updatedAt = .now
        common.tellUpdate(current)
        common.tellPrepare(current, store: store.id)
        let result: UploadResult
        let virtualSize: Int64?
        var location: ImageLocation
        do {
            let writer = try await makeWriter(
                in: store, for: upload, expectedSize: expectedSize, context: context)
            do {
                result = try await pipeline.run(
                    body, into: writer, limit: limit, expectedSize: expectedSize, allowance: allowance,
                    inspection: inspection(of: image), signatureAlgorithm: verifier?.hashAlgorithm)
                try verify(result, against: image)
                try Self.verify(result, by: verifier)
                virtualSize = try accept(result.content, as: image, for: caller)
                try await recheckStorage(for: image, size: result.size)
                location = try await writer.commit()
            } catch {
                await writer.cancel()
                throw error
            }
        } catch {
            // The store itself tells its outages.
            log(
                .uploadFailed, level: (error as? StoreError)?.isOutage == true ? .debug : .warning, "Upload failed",
                image: id, for: caller, error: Self.clientError(error),
                ["store": .string(store.id), "duration_ms": .stringConvertible(start.millisecondsToNow)])
            common.tellUploadFailure(id, Self.reason(error))
            await abandon(upload, in: store)
            current.status = .queued
            common.tellUpdate(current)
            throw Self.clientError(error)
        }
        if stores.isMultiStore { location.metadata["store"] = .string(store.id) }
        try await finish(
            upload, result: result, virtualSize: virtualSize, location: location, in: store, for: caller)
        // What stays of it, should this fail, is nothing that the scrubber's sweep does not find.
        try? await store.settle(upload.stored)
        log(
            .imageActive, "Image active", image: id, for: caller,
            [
                "store": .string(store.id), "bytes": .stringConvertible(result.size),
                "duration_ms": .stringConvertible(start.millisecondsToNow),
            ])
        (current.size, current.virtualSize) = (result.size, virtualSize)
        (current.checksum, current.hashAlgorithm, current.hashValue) =
            (result.checksum, result.hashAlgorithm, result.hashValue)
        current.status = .active
        current.updatedAt = .now
        current.locations = [location]
        await common.shareData(of: current, for: caller)
        common.tellUpload(current, wasActive: false)
        common.tellUpdate(current)
    }

    /// Starts writing. Data that lie under the image's final name already, though the image has none, are what a crash of
    /// Python Glance has left: they go.
    ///
    /// - Parameter context: its deadline counts from before the image became ours to write.
    package func makeWriter(
        in store: any Store, for upload: UploadRecord, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        do {
            return try await store.makeWriter(for: upload.stored, expectedSize: expectedSize, context: context)
        } catch .duplicate {
            try await store.discardForeign(imageID: upload.imageID, minimumAge: .zero, context: context)
            return try await store.makeWriter(for: upload.stored, expectedSize: expectedSize, context: context)
        }
    }

    private func uploadStore(_ id: String?) throws(ServiceError) -> any Store {
        guard stores.isMultiStore, let id else { return stores.defaultStore }
        guard let store = stores[id] else {
            throw .invalid("Store for identifier \(id) not found")
        }
        return store
    }

    /// Bytes that this upload may have, from the size cap and what the project's quota leaves. Known sizes are checked
    /// before anything is written.
    private func uploadLimit(for image: Image, expectedSize: Int64?) async throws -> Int64 {
        var limit = quotas.imageSize
        if let owner = image.owner, let quota = quotas.userStorage {
            let used = try await database.images.storageUsage(ofProject: owner, excludingImage: image.id)
            guard quota > used, expectedSize ?? 0 <= quota - used else { throw Self.storageQuotaExceeded }
            limit = min(limit, quota - used)
        }
        if let expectedSize, expectedSize > limit {
            throw ServiceError.tooLarge("The image is too large: \(expectedSize) bytes, allowed are \(limit).")
        }
        return limit
    }

    /// Uploads that ran side by side may each have fitted into the quota alone.
    private func recheckStorage(for image: Image, size: Int64) async throws {
        guard let owner = image.owner, let quota = quotas.userStorage else { return }
        let used = try await database.images.storageUsage(ofProject: owner, excludingImage: image.id)
        if used + size > quota { throw Self.storageQuotaExceeded }
    }

    /// Compares the data with hashes that were set before the upload (`validation_data`).
    private func verify(_ result: UploadResult, against image: Image) throws(ServiceError) {
        if let checksum = image.checksum, checksum != result.checksum {
            throw .invalid("checksum of uploaded data is different from current value set on the image.")
        }
        if let value = image.hashValue, image.hashAlgorithm == result.hashAlgorithm, value != result.hashValue {
            throw .invalid("os_hash_value of uploaded data is different from current value set on the image.")
        }
    }

    private func finish(
        _ upload: UploadRecord, result: UploadResult, virtualSize: Int64?, location: ImageLocation,
        in store: any Store, for caller: Caller
    ) async throws {
        do {
            try await database.uploads.finish(
                upload, location: location, size: result.size, virtualSize: virtualSize,
                checksum: result.checksum, hashAlgorithm: result.hashAlgorithm, hashValue: result.hashValue)
        } catch  where error == .conflict || error == .notFound {
            let failure = ServiceError.gone(
                "Image \(upload.imageID) was deleted during the upload; the uploaded data have been removed.")
            log(
                .uploadFailed, level: .warning, "Upload failed", image: upload.imageID, for: caller, error: failure,
                ["store": .string(store.id)])
            common.tellUploadFailure(upload.imageID, failure.text)
            await abandon(upload, in: store)
            throw failure
        } catch {
            // Whether the row became active is unknown: the record, if it is still there, is what tells.
            uploads.leaveUnfinished()
            log(
                .uploadEndUnknown, level: .error, "The end of an upload could not be recorded", image: upload.imageID,
                for: caller, error: error, ["store": .string(store.id)])
            common.tellUploadFailure(upload.imageID, "The database is not available.")
            throw ServiceError.unavailable("The database is not available; the upload may have to be repeated.")
        }
    }

    /// Why an upload has failed, in words that anybody may read.
    private static func reason(_ error: any Error) -> String {
        (clientError(error) as? ServiceError)?.text ?? "The request broke off, or an internal error has ended it."
    }

    /// Store and transport failures in terms of the client.
    package static func clientError(_ error: any Error) -> any Error {
        if let error = error as? LimitError { return ServiceError(error) }
        guard let error = error as? StoreError else { return error }
        switch error {
        case .full: return ServiceError.tooLarge("Image storage media is full.")
        case .readOnly:
            return ServiceError.gone("Error in store configuration. Adding images to store is disabled.")
        case .permissionDenied: return ServiceError.unavailable("Insufficient permissions on image storage media.")
        case .timeout: return ServiceError.unavailable("The image store did not answer in time.")
        case .inUse(let reason): return ServiceError.conflict("The image's data are in use: \(reason)")
        case .notFound: return ServiceError.notFound("The image's data could not be found.")
        case .backend, .badLocation, .tooLate: return ServiceError.unavailable("The image store failed.")
        case .duplicate: return ServiceError.conflict("The image store already has data under the image's id.")
        case .badConfiguration: return error
        }
    }
}

extension ContinuousClock.Instant {
    /// Whole milliseconds that have passed since.
    fileprivate var millisecondsToNow: Int64 {
        let passed = (ContinuousClock.now - self).components
        return passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000
    }
}
