import Cryptography
import ImageModel
import ImageStore
import NIOCore
import OutgoingHTTP

/// Writes one image: as a single object when it fits into one part, else in parts of which several are in flight.
///
/// A part is held until the service has it, so that it can be sent again. The bytes come from the process's
/// ``TransferBudget``; the first ``TransferBudget/piece`` need no grant. Parts of very large images are too large for that:
/// they are sent as they come, while the service makes the one before durable.
actor S3Writer: StoreWriter {
    private enum Phase {
        case open, committing, ended
    }

    private let upload: StoreUpload
    private let store: S3Store
    private let expectedSize: Int64?

    private var phase = Phase.open
    /// The service's id of the upload in parts; nil as long as one part is enough.
    private var multipart: String?
    private var size: Int64 = 0

    // The part that is being filled.
    private var part = ByteBuffer()
    private var partSize: Int
    private var hash = S3PartHash()
    private var grant: TransferGrant?

    /// Whether parts are not held.
    private let streamsParts: Bool
    /// The part that is being sent as it comes.
    private var stream: (pipe: BodyPipe, missing: Int64)?

    private var sent: [S3Bucket.Part] = []
    private var lastNumber = 0
    private var inFlight: [Int: Task<Void, Never>] = [:]
    private var failure: StoreError?
    private var hasClaim = false
    /// Who waits for a part to be done.
    private var waiter: CheckedContinuation<Void, Never>?

    init(_ upload: StoreUpload, expectedSize: Int64?, store: S3Store) {
        self.upload = upload
        self.expectedSize = expectedSize
        self.store = store
        let first = S3PartSizes(settings: store.settings, expectedSize: expectedSize).size(ofPart: 1)
        partSize = first
        streamsParts = expectedSize != nil && first > store.settings.largestHeldPart
    }

    deinit {
        guard phase != .ended else { return }
        stream?.pipe.abort()
        for task in inFlight.values { task.cancel() }
        // Nobody has ended it. What this does not reach, the scrubber finds.
        Task { [store, upload] in try? await store.discard(upload, context: .service) }
    }

    private var bucket: S3Bucket { store.bucket }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        guard phase == .open else { throw .backend("the upload has ended") }
        for var buffer in buffers {
            if streamsParts {
                try await sendAsItComes(buffer)
                continue
            }
            while buffer.readableBytes > 0 {
                if let failure { throw failure }
                if part.readableBytes == partSize { try await sendPart() }
                let count = min(buffer.readableBytes, partSize - part.readableBytes)
                if grant == nil, part.readableBytes + count > TransferBudget.piece {
                    grant = await store.budget.acquire(partSize)
                    part.reserveCapacity(partSize)
                }
                guard var slice = buffer.readSlice(length: count) else { break }
                hash.update(slice)
                part.writeBuffer(&slice)
                size += Int64(count)
            }
        }
        // Nothing that is known to follow has to come first.
        if part.readableBytes == partSize, let expectedSize, size < expectedSize { try await sendPart() }
    }

    // MARK: Parts

    private func sendPart() async throws(StoreError) {
        let (multipart, number) = try await nextPart()
        let (body, digest, held) = (part, hash.finish(), grant)
        part = ByteBuffer()
        grant = nil
        partSize = S3PartSizes(settings: store.settings, expectedSize: expectedSize).size(ofPart: number + 1)
        inFlight[number] = Task { [bucket, key = upload.imageID, keepsChecksums] in
            let result: Result<S3Bucket.Part, S3Failure>
            do throws(S3Failure) {
                result = .success(
                    try await bucket.putPart(
                        key, multipart, number: number, body, hash: digest, keepsChecksum: keepsChecksums))
            } catch {
                result = .failure(error)
            }
            held?.release()
            done(number, result)
        }
    }

    /// Waits until another part may be in flight.
    private func nextPart() async throws(StoreError) -> (multipart: String, number: Int) {
        guard lastNumber < S3PartSizes.most else { throw .full }
        let multipart = try await startedMultipart()
        while inFlight.count >= store.settings.partsInFlight { await partIsDone() }
        if let failure { throw failure }
        lastNumber += 1
        return (multipart, lastNumber)
    }

    private func sendAsItComes(_ buffer: ByteBuffer) async throws(StoreError) {
        var buffer = buffer
        while buffer.readableBytes > 0 {
            if let failure { throw failure }
            let (pipe, missing) = if let stream { stream } else { try await openStream() }
            let count = min(Int64(buffer.readableBytes), missing)
            guard let slice = buffer.readSlice(length: Int(count)) else { break }
            stream = (pipe, missing - count)
            size += count
            guard await pipe.write(slice) else {
                throw failure ?? .backend("the S3 service has ended a part before all of it was there")
            }
            if missing == count {
                pipe.finish()
                stream = nil
            }
        }
    }

    private func openStream() async throws(StoreError) -> (pipe: BodyPipe, missing: Int64) {
        guard let expectedSize, size < expectedSize else { throw .backend("an image is longer than was said") }
        let (multipart, number) = try await nextPart()
        do throws(S3Failure) {
            // Tells whether the upload is still ours, and with it come the service's time, its region and credentials that it
            // takes, before data are sent that cannot be sent again.
            try await requireMarker()
        } catch {
            throw Self.storeError(error)
        }
        let (pipe, length) = (BodyPipe(), min(Int64(partSize), expectedSize - size))
        stream = (pipe, length)
        // A writer that everybody has forgotten ends its part, which waits for more.
        inFlight[number] = Task { [bucket, key = upload.imageID, weak self] in
            let result: Result<S3Bucket.Part, S3Failure>
            do throws(S3Failure) {
                result = .success(try await bucket.putPart(key, multipart, number: number, pipe, length: length))
            } catch {
                result = .failure(error)
            }
            await self?.done(number, result)
            pipe.close()
        }
        return (pipe, length)
    }

    /// Of parts that are sent as they come nothing is known beforehand. Their pieces are signed all the same.
    private var keepsChecksums: Bool { store.settings.storesChecksums && !streamsParts }

    private static func storeError(_ failure: S3Failure) -> StoreError {
        failure == discarded ? .backend("the upload has been discarded") : failure.storeError
    }

    private func done(_ number: Int, _ result: Result<S3Bucket.Part, S3Failure>) {
        inFlight[number] = nil
        switch result {
        case .success(let part): sent.append(part)
        case .failure(let error):
            // The upload in parts is gone: somebody has discarded it.
            let lost = StoreError.backend("the upload has been discarded")
            failure = failure ?? (error.has(code: "NoSuchUpload") ? lost : error.storeError)
        }
        waiter?.resume()
        waiter = nil
    }

    private func partIsDone() async {
        await withCheckedContinuation { waiter = $0 }
    }

    private func startedMultipart() async throws(StoreError) -> String {
        if let multipart { return multipart }
        do throws(S3Failure) {
            let id = try await bucket.startMultipart(
                upload.imageID, owner: upload.uploadID, keepsChecksum: keepsChecksums)
            multipart = id
            try await bucket.put(S3Names.parts(upload), id, owner: upload.uploadID)
            return id
        } catch {
            throw error.storeError
        }
    }

    // MARK: The end

    func commit() async throws(StoreError) -> ImageLocation {
        guard phase == .open else { throw .backend("the upload has ended") }
        if streamsParts, size != expectedSize { throw .backend("an image is shorter than was said") }
        phase = .committing
        if multipart != nil || size >= store.settings.largeObjectSize, part.readableBytes > 0 { try await sendPart() }
        while !inFlight.isEmpty { await partIsDone() }
        if let failure { throw failure }
        do throws(S3Failure) {
            try await claim()
            if let multipart { try await complete(multipart) } else { try await putWhole() }
        } catch {
            throw Self.storeError(error)
        }
        phase = .ended
        grant?.release()
        part = ByteBuffer()
        // If this fails, the upload's end takes it along.
        try? await bucket.delete(S3Names.claim(upload.imageID))
        return store.location(of: upload.imageID)
    }

    private static let discarded = S3Failure.refused(status: 410, code: "Discarded")

    /// From here on nobody else gives the image its final name. Not every service looks at the condition when it makes an
    /// object of parts; all look at it when they write one.
    private func claim() async throws(S3Failure) {
        let key = S3Names.claim(upload.imageID)
        do throws(S3Failure) {
            hasClaim = true
            try await bucket.putNew(key, ByteBuffer(), owner: upload.uploadID, .long)
        } catch {
            guard error.isPreconditionFailed else { throw error }
            let owner = try await bucket.headIfThere(key)?.owner
            // An attempt whose answer was lost may have been ours.
            if owner != upload.uploadID {
                hasClaim = false
                try await takeClaim(of: owner)
            }
        }
        try await requireMarker()
    }

    /// The claim of an upload that was discarded after all goes to the next one: without its marker it ends in an error.
    private func takeClaim(of owner: String?) async throws(S3Failure) {
        let key = S3Names.claim(upload.imageID)
        if let owner {
            let other = StoreUpload(imageID: upload.imageID, uploadID: owner)
            guard StoreUpload.isPlainID(owner), try await bucket.headIfThere(S3Names.marker(other)) == nil else {
                throw .refused(status: 412, code: "")
            }
            try await bucket.delete(key)
        }
        try await bucket.putNew(key, ByteBuffer(), owner: upload.uploadID)
        hasClaim = true
    }

    /// Who discards an upload removes its marker.
    private func requireMarker() async throws(S3Failure) {
        guard try await bucket.headIfThere(S3Names.marker(upload)) != nil else { throw Self.discarded }
    }

    private func complete(_ multipart: String) async throws(S3Failure) {
        if try await bucket.headIfThere(upload.imageID) != nil { throw .refused(status: 412, code: "") }
        do throws(S3Failure) {
            try await bucket.complete(upload.imageID, multipart, sent.sorted { $0.number < $1.number })
        } catch {
            // The answer to an attempt that succeeded may have been lost.
            guard error.isNotFound || error.isPreconditionFailed || error.isInDoubt else { throw error }
            guard try await isOurs() else { throw error.isNotFound ? Self.discarded : error }
            return
        }
        // Where the parts of a discarded upload were those of the object that is there, some services call that a success.
        guard try await isOurs() else { throw Self.discarded }
    }

    private func putWhole() async throws(S3Failure) {
        do throws(S3Failure) {
            try await bucket.putNew(
                upload.imageID, part, hash: hash.finish(), keepsChecksum: store.settings.storesChecksums,
                owner: upload.uploadID, .long)
        } catch {
            guard error.isPreconditionFailed || error.isInDoubt, try await isOurs() else { throw error }
        }
        // Discarded in between: nobody but us knows of it.
        do throws(S3Failure) {
            try await requireMarker()
        } catch {
            if error == Self.discarded, let object = try await bucket.headIfThere(upload.imageID),
                object.owner == upload.uploadID
            {
                try await bucket.delete(upload.imageID, tag: object.tag)
            }
            throw error
        }
    }

    private func isOurs() async throws(S3Failure) -> Bool {
        try await bucket.headIfThere(upload.imageID)?.owner == upload.uploadID
    }

    func cancel() async {
        guard phase != .ended else { return }
        phase = .ended
        part = ByteBuffer()
        grant = nil
        stream?.pipe.abort()
        stream = nil
        for task in inFlight.values { task.cancel() }
        while !inFlight.isEmpty { await partIsDone() }
        // Its id may not have been written down.
        if let multipart { try? await bucket.abort(upload.imageID, multipart) }
        // What this does not reach is discarded by who has the upload's record.
        try? await store.discard(upload, context: .service)
        // Discarded by somebody else before, its marker with it.
        if hasClaim, (try? await bucket.headIfThere(S3Names.claim(upload.imageID))?.owner) == upload.uploadID {
            try? await bucket.delete(S3Names.claim(upload.imageID))
        }
    }
}
