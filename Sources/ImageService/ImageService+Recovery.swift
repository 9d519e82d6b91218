import ImageDatabase
import ImageModel
import ImageStore

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
                guard let store = upload.storeID.map({ stores[$0] }) ?? stores.defaultStore else { continue }
                await abandon(upload, in: store)
            }
        } catch {
            uploads.leaveUnfinished()
            throw error
        }
    }
}
