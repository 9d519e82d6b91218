public import ImageDatabase
import ImageModel
import ImageStore

// What crashes left behind: found by rows that exist only while something is under way.
extension ImageService {
    /// Seconds without a sign of life after which an upload on another host counts as dead.
    static let uploadLease: Int64 = 300

    /// Says that this process lives; call it more often than ``uploadLease``.
    public func renewUploads() async throws {
        if uploads.isEmpty { return }
        try await database.renewUploads(of: ProcessIdentity.current())
    }

    /// Ends uploads whose process is dead: removes their bytes and puts the images back to `queued`.
    ///
    /// A record is claimed before the store is touched, so that two sweepers, or a sweeper and an upload that lives after
    /// all, never both act.
    public func recoverUploads() async throws {
        let process = try ProcessIdentity.current()
        for upload in try await database.uploads() where isDead(upload, seenBy: process) {
            guard let store = upload.storeID.map({ stores[$0] }) ?? stores.defaultStore else {
                logger.warning(
                    "a dead upload went to a store that is not configured any more",
                    metadata: ["image_id": "\(upload.imageID)", "store": "\(upload.storeID ?? "")"])
                continue
            }
            guard let claimed = try await database.claimUpload(upload, for: process) else { continue }
            logger.warning(
                "cleaning up after an upload whose process died",
                metadata: ["image_id": "\(upload.imageID)", "pid": "\(upload.process.pid)"])
            await abandon(claimed, in: store, because: nil)
        }
    }

    private func isDead(_ upload: UploadRecord, seenBy process: ProcessIdentity) -> Bool {
        if upload.process == process { return !uploads.contains(upload.uploadID) }
        if upload.process.host == process.host { return !upload.process.isAlive }
        return upload.renewedAt.advanced(bySeconds: Self.uploadLease) < .now
    }

    /// Removes data of deleted images that a crash or a store's failure left in place.
    public func removeAbandonedData() async throws {
        for (imageID, location) in try await database.locationsAwaitingDeletion(limit: 1000) {
            await removeData(at: location, ofImage: imageID)
        }
    }
}
