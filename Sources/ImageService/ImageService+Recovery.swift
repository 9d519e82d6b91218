package import ImageDatabase
import ImageModel
package import ImageStore

// The part of cleaning up that only the process itself can do. What dead processes leave is the scrubber's.
extension ImageService {
    /// Says that this process lives, for as long as it has uploads; call it every half minute.
    public func renewUploads() async throws {
        if uploads.isEmpty { return }
        try await database.uploads.renew(of: process)
    }

    /// Ends uploads of this process that could not be cleaned up when they failed: removes their bytes and puts the images
    /// back to `queued`.
    public func recoverOwnUploads() async throws {
        guard uploads.takeUnfinished() else { return }
        do {
            for upload in try await database.uploads.all(of: process) where !uploads.contains(upload.uploadID) {
                guard let store = stores.stores(ofUploadInto: upload.storeID)?.first else { continue }
                await abandon(upload, in: store)
            }
        } catch {
            uploads.leaveUnfinished()
            throw error
        }
    }

    /// Removes what an upload left in the store, then puts the image back to `queued`.
    ///
    /// Who may remove is who has declared the upload failed: an upload that was finished meanwhile, or that somebody else
    /// has taken over, is left alone. The record is what the sweep finds, should this process die in between.
    package func abandon(_ upload: UploadRecord, in store: any Store) async {
        let deadline = ContinuousClock.now + Self.removalTime
        do {
            guard try await database.uploads.abandon(upload) else { return }
            try await store.discard(upload.stored, context: StoreContext(deadline: deadline))
            try await database.uploads.abort(upload)
        } catch {
            uploads.leaveUnfinished()
            // An outage has been told by the store or the database itself.
            if (error as? StoreError)?.isOutage == true { return }
            if case DatabaseError.unavailable = error { return }
            log(
                .uploadNotCleanedUp, level: .error, "A failed upload could not be cleaned up yet, will try again",
                image: upload.imageID, for: nil, error: error, ["store": .string(store.id)])
        }
    }

    /// How long after a conditional update this process may count on holding what it removes. Others wait longer before
    /// they take it over: the scrubber's lease and its grace for deletions.
    static let removalTime: Duration = .seconds(45)
}

extension UploadRecord {
    /// The upload as stores know it.
    package var stored: StoreUpload { StoreUpload(imageID: imageID, uploadID: uploadID) }
}
