public import ImageStore
import TextCoding

// What uploads leave that do not come to their end.
extension S3Store {
    /// The upload in parts goes first: from then on its writer can complete nothing. Its marker goes last, so that a discard
    /// that is itself killed is found again.
    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try S3Names.require(upload)
        do throws(S3Failure) {
            let multipart = try await bucket.text(S3Names.parts(upload))
            guard try await bucket.headIfThere(S3Names.marker(upload)) != nil || multipart != nil else { return }
            if let multipart {
                try requireTime(context)
                try await bucket.abort(upload.imageID, multipart)
            }
            if let object = try await bucket.headIfThere(upload.imageID), object.owner == upload.uploadID {
                try requireTime(context)
                try await bucket.delete(upload.imageID, tag: object.tag)
            }
            try requireTime(context)
            try await removeNames(of: upload)
        } catch {
            throw error == Self.late ? .tooLate : error.storeError
        }
    }

    /// What is passed through as the end of the caller's time.
    private static let late = S3Failure.refused(status: 0, code: "TooLate")

    private func requireTime(_ context: StoreContext) throws(S3Failure) {
        do throws(StoreError) { try context.requireTime() } catch { throw Self.late }
    }

    /// The claim first, which keeps others from the image's name; the marker last.
    private func removeNames(of upload: StoreUpload) async throws(S3Failure) {
        let claim = S3Names.claim(upload.imageID)
        if let found = try await bucket.headIfThere(claim), found.owner == upload.uploadID {
            try await bucket.delete(claim)
        }
        try await bucket.delete(S3Names.parts(upload))
        try await bucket.delete(S3Names.marker(upload))
    }

    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        try S3Names.require(StoreUpload(imageID: imageID, uploadID: "foreign"))
        do throws(S3Failure) {
            if let object = try await bucket.headIfThere(imageID), isOld(object.modified, minimumAge),
                try await !isOurs(object, imageID)
            {
                try requireTime(context)
                try await bucket.delete(imageID, tag: object.tag)
            }
            let uploads = try await bucket.listMultipart(prefix: imageID).filter { $0.key == imageID }
            guard !uploads.isEmpty else { return }
            let known = try await knownMultiparts(ofImage: imageID)
            for upload in uploads where !known.contains(upload.multipart) {
                guard try await lastByteIsOld(of: upload, minimumAge) else { continue }
                try requireTime(context)
                try await bucket.abort(imageID, upload.multipart)
            }
        } catch {
            throw error == Self.late ? .tooLate : error.storeError
        }
    }

    /// Whether an upload of ours has put it there whose end is not recorded yet.
    private func isOurs(_ object: S3Bucket.Object, _ imageID: String) async throws(S3Failure) -> Bool {
        guard let owner = object.owner, StoreUpload.isPlainID(owner) else { return false }
        return try await bucket.headIfThere(S3Names.marker(StoreUpload(imageID: imageID, uploadID: owner))) != nil
    }

    private func knownMultiparts(ofImage imageID: String) async throws(S3Failure) -> Set<String> {
        var known: Set<String> = []
        for entry in try await bucket.list(prefix: "\(S3Names.prefix)uploads/\(imageID)/") {
            guard case .parts = S3Names.kind(of: entry.key) else { continue }
            if let id = try await bucket.text(entry.key) { known.insert(id) }
        }
        return known
    }

    /// The upload's end is recorded. What has been completed is no upload in parts any more.
    public func settle(_ upload: StoreUpload) async throws(StoreError) {
        do throws(S3Failure) {
            if let multipart = S3Names.multipart(ofForeign: upload) {
                return try await bucket.abort(upload.imageID, multipart)
            }
            if let multipart = try await bucket.text(S3Names.parts(upload)) {
                try await bucket.abort(upload.imageID, multipart)
            }
            try await removeNames(of: upload)
        } catch {
            throw error.storeError
        }
    }

    /// Uploads whose names have not changed for so long, and uploads in parts of which no name tells: those that a process
    /// began just before it died, and those of Python Glance.
    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        do throws(S3Failure) {
            var newest: [StoreUpload: Timestamp?] = [:]
            var multiparts: [String: StoreUpload] = [:]
            for entry in try await bucket.list(prefix: S3Names.prefix) {
                let upload: StoreUpload
                switch S3Names.kind(of: entry.key) {
                case .marker(let found): upload = found
                case .parts(let found):
                    upload = found
                    if let id = try await bucket.text(entry.key) { multiparts[id] = found }
                case .claim(let imageID):
                    guard let owner = try await bucket.headIfThere(entry.key)?.owner, StoreUpload.isPlainID(owner)
                    else {
                        continue
                    }
                    upload = StoreUpload(imageID: imageID, uploadID: owner)
                case nil: continue
                }
                newest[upload] = Self.later(newest[upload] ?? nil, entry.modified)
            }
            var sizes: [StoreUpload: Int64] = [:]
            for entry in try await bucket.listMultipart(prefix: "") where StoreUpload.isPlainID(entry.key) {
                // Another program's uploads into the same bucket are none of ours.
                guard multiparts[entry.multipart] != nil || UUIDText.isValid(entry.key) else { continue }
                let upload =
                    multiparts[entry.multipart]
                    ?? S3Names.foreign(imageID: entry.key, multipart: entry.multipart)
                newest[upload] = Self.later(newest[upload] ?? nil, entry.modified)
                // Only of those that look dead the parts are looked at: there may be many of them.
                guard isOld(newest[upload] ?? nil, minimumAge),
                    let progress = try await bucket.progress(entry.key, entry.multipart)
                else { continue }
                sizes[upload] = progress.size
                newest[upload] = Self.later(newest[upload] ?? nil, progress.modified)
            }
            return newest.filter { isOld($0.value, minimumAge) }.keys
                .map { AbandonedUpload($0, size: sizes[$0] ?? 0) }
                .sorted { ($0.upload.imageID, $0.upload.uploadID) < ($1.upload.imageID, $1.upload.uploadID) }
        } catch {
            throw error.storeError
        }
    }

    private func lastByteIsOld(of upload: S3Bucket.Entry, _ minimumAge: Duration) async throws(S3Failure) -> Bool {
        guard isOld(upload.modified, minimumAge) else { return false }
        guard let progress = try await bucket.progress(upload.key, upload.multipart) else { return false }
        return progress.modified.map { isOld($0, minimumAge) } ?? true
    }

    private static func later(_ one: Timestamp?, _ other: Timestamp?) -> Timestamp? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }

    /// By the service's clock. What has no time is never old.
    private func isOld(_ time: Timestamp?, _ minimumAge: Duration) -> Bool {
        guard let time else { return false }
        // The service tells whole seconds only, and rounds.
        let age = max(0, client.now.secondsSince1970 - time.secondsSince1970)
        return .seconds(age) >= minimumAge
    }
}
