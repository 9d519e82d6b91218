import ImageDatabase
import ImageModel
import ImageStore

// What crashes left behind: found by rows that exist only while something is under way.
extension ImageService {
    /// Seconds without a sign of life after which an upload on another host counts as dead.
    static let uploadLease: Int64 = 300
    /// Seconds that a request has to remove the data of what it deleted, before the sweep does.
    static let deletionGrace: Int64 = 60

    /// Says that this process lives; call it more often than ``uploadLease``.
    public func renewUploads() async throws {
        if uploads.isEmpty { return }
        try await database.renewUploads(of: process)
    }

    /// Ends uploads whose process is dead: removes their bytes and puts the images back to `queued`.
    ///
    /// A record is claimed before the store is touched, so that two sweepers, or a sweeper and an upload that lives after
    /// all, never both act.
    public func recoverUploads() async throws {
        for upload in try await database.uploads() where isDead(upload) {
            guard let store = upload.storeID.map({ stores[$0] }) ?? stores.defaultStore else {
                logger.warning(
                    "a dead upload went to a store that is not configured any more",
                    metadata: ["image_id": "\(upload.imageID)", "store": "\(upload.storeID ?? "")"])
                continue
            }
            guard let claimed = try await database.takeOver(upload, by: process) else { continue }
            logger.warning(
                "cleaning up after an upload whose process died",
                metadata: ["image_id": "\(upload.imageID)", "pid": "\(upload.process.pid)"])
            await abandon(claimed, in: store, because: nil)
        }
    }

    private func isDead(_ upload: UploadRecord) -> Bool {
        if upload.process == process { return !uploads.contains(upload.uploadID) }
        return
            !(upload.process.isAlive(seenBy: process) ?? (upload.renewedAt.advanced(bySeconds: Self.uploadLease) > .now))
    }

    /// Removes data of deleted images and locations that a crash or a store's failure left in place.
    public func removeAbandonedData() async throws {
        let time = Timestamp.now.advanced(bySeconds: -Self.deletionGrace)
        for (imageID, location) in try await database.locationsAwaitingDeletion(since: time, limit: 1000) {
            await removeData(at: location, ofImage: imageID)
        }
    }
}
