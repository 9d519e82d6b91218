import Events
import ImageDatabase
import ImageStore
import Logging
import Staging
import TextCoding

// What crashes have left behind: found by rows that exist only while something is under way, or by its age.
extension ImageScrubber {
    /// Seconds that a request has to remove the data of what it deleted, before the sweep does.
    private static let deletionGrace: Int64 = 60
    /// How old files without owner must be, so that nobody who is just about to need them loses them.
    private static let temporaryFileAge: Duration = .seconds(3600)
    private static let orphanedFileAge: Duration = .seconds(600)

    /// What belongs to dead processes: claims, and uploads with their bytes.
    ///
    /// A record is taken over before the store is touched, so that two sweepers, or a sweeper and an upload that lives after
    /// all, never both act.
    func recoverFromDeadProcesses() async throws {
        if !active.isEmpty { try await database.scrubs.renew(of: process) }
        for claim in try await database.scrubs.all() {
            if claim.process == process {
                if !active.contains(claim.imageID) { try await database.scrubs.end(claim) }
            } else if claim.lease.isDead(seenBy: process) {
                try await database.scrubs.endDead(claim)
            }
        }
        for upload in try await database.uploads.all() where upload.lease.isDead(seenBy: process) {
            // Who does not have the store leaves the record to who has. Of data that were being staged, another node can only
            // end the record; what lies in that node's staging area has no image then, and goes with the next sweep there.
            let isStaged = upload.storeID == StagingDirectory.storeID
            guard let candidates = isStaged ? [] : stores.stores(ofUploadInto: upload.storeID) else { continue }
            let context = StoreContext(deadline: .now + Self.removalTime)
            guard let taken = try await database.uploads.takeOver(upload, by: process) else { continue }
            let metadata: Logger.Metadata = [
                "image_id": "\(upload.imageID)", "store": "\(upload.storeID ?? "")",
                "child_pid": "\(upload.process.pid)",
            ]
            do {
                for store in candidates { try await store.discard(taken.stored, context: context) }
                if isStaged { try await staging?.removeAll(ofImage: upload.imageID) }
            } catch {
                logger.log(
                    .scrubFailed, level: error.isOutage ? .debug : .warning,
                    "The bytes of an upload whose process died could not be removed, will try again",
                    metadata: metadata.merging(["error": "\(error)"]) { $1 })
                continue
            }
            try await database.uploads.abort(taken)
            logger.log(
                .uploadRecovered, level: .warning, "Cleaned up after an upload whose process died", metadata: metadata)
        }
    }

    /// Rows that a crash or a failure of a store has left between two states.
    func sweepRows() async throws {
        let now = Timestamp.now
        let completed = try await database.scrubs.completeDeletions(
            untouchedSince: now.advanced(bySeconds: -Self.deletionGrace))
        if completed > 0 { logger.info("Completed \(completed) interrupted deletions") }
        let expired = try await database.tasks.expire()
        if expired > 0 { logger.log(.tasksExpired, "Deleted \(expired) tasks whose time has passed") }
        try await removeAbandonedData(since: now.advanced(bySeconds: -max(Self.deletionGrace, settings.keepingTime)))
        if let timeout = settings.stuckTimeout {
            try await requeueStuckImages(since: now.advanced(bySeconds: -timeout))
        }
    }

    /// Data of deleted images and of locations taken from live ones, for which nobody else is responsible any more.
    private func removeAbandonedData(since time: Timestamp) async throws {
        var last: Int64 = 0
        while !Task.isCancelled {
            let page = try await database.locations.awaitingDeletion(since: time, after: last, limit: Self.pageSize)
            for (imageID, location) in page where !Task.isCancelled {
                guard let row = location.id else { continue }
                last = row
                let context = StoreContext(deadline: .now + Self.removalTime)
                guard try await remove(location, ofImage: imageID, context: context) else { continue }
                try await database.locations.markDeleted(row)
            }
            guard page.count == Self.pageSize else { return }
        }
    }

    private func requeueStuckImages(since time: Timestamp) async throws {
        for image in try await database.uploads.stuckImages(since: time, limit: Self.pageSize) where !Task.isCancelled {
            guard let staged = await stagedFiles(of: image) else { continue }
            // What is staged may be younger than the row: then somebody is still at work.
            if staged.contains(where: { $0.age < .seconds(time.seconds(until: .now)) }) { continue }
            let upload = UploadRecord(
                imageID: image.id, uploadID: UUIDText.random(), storeID: nil, process: process)
            let context = StoreContext(deadline: .now + Self.removalTime)
            guard let locations = try await database.uploads.adopt(image, as: upload, since: time) else { continue }
            do {
                let age = Duration.seconds(time.seconds(until: .now))
                for store in stores.stores where !store.isReadOnly {
                    try await store.discardForeign(imageID: image.id, minimumAge: age, context: context)
                }
                for location in locations {
                    guard let store = stores.store(for: location) else { continue }
                    do {
                        try await store.delete(location, context: context)
                    } catch StoreError.notFound, StoreError.readOnly {}
                }
                for file in staged { _ = try await staging?.remove(file, minimumAge: .zero) }
            } catch {
                logger.log(
                    .scrubFailed, level: .warning, "The data of a stuck image could not be removed, will try again",
                    metadata: ["image_id": "\(image.id)", "error": "\(error)"])
                continue
            }
            try await database.uploads.requeue(upload, because: "The import was abandoned: its host has stopped.")
            logger.log(
                .imageRequeued, level: .warning, "An image was left \(image.status.rawValue), it is queued again",
                metadata: ["image_id": "\(image.id)", "status": "\(image.status.rawValue)"])
        }
    }

    /// Nil when that cannot be told.
    private func stagedFiles(of image: StuckImage) async -> [StagingDirectory.File]? {
        if image.status == .saving { return [] }
        return await stagedFiles()?.filter { $0.imageID == image.id }
    }

    private func stagedFiles() async -> [StagingDirectory.File]? {
        guard let staging else { return [] }
        do {
            return try await staging.files()
        } catch {
            logger.warning("The staging directory cannot be looked through", metadata: ["error": "\(error)"])
            return nil
        }
    }

    /// What writers have left that have died after their upload's record had gone.
    private func settleLeftovers(in store: any Store) async throws(DatabaseError) {
        let found: [AbandonedUpload]
        do throws(StoreError) {
            found = try await store.leftovers(minimumAge: Self.temporaryFileAge)
        } catch {
            if error.isOutage { return }
            logger.warning(
                "What uploads have left in a store cannot be listed",
                metadata: ["store": "\(store.id)", "error": "\(error)"])
            return
        }
        guard !found.isEmpty else { return }
        // A record is made before the first byte is written. So whatever has none now has ended.
        let recorded = Set(try await database.uploads.all().map(\.stored))
        for leftover in found where !recorded.contains(leftover.upload) {
            // What cannot be removed stays for the next sweep; the store tells its outages itself.
            guard (try? await store.settle(leftover.upload)) != nil else { continue }
            logger.log(
                .staleFileRemoved, "Removed what an upload had left in a store",
                metadata: [
                    "image_id": "\(leftover.upload.imageID)", "store": "\(store.id)", "bytes": "\(leftover.size)",
                ])
        }
    }

    /// Files without owner: temporary ones of writers that have died, and staged ones that no image waits for.
    func sweepFiles() async throws(DatabaseError) {
        for store in stores.stores where !store.isReadOnly { try await settleLeftovers(in: store) }
        guard let staging else { return }
        let files = (await stagedFiles() ?? []).filter { $0.age >= Self.orphanedFileAge }
        let time = settings.stuckTimeout.map { Timestamp.now.advanced(bySeconds: -$0) } ?? Timestamp(microseconds: 0)
        for start in stride(from: 0, to: files.count, by: Self.pageSize / 2) {
            let page = files[start..<min(files.count, start + Self.pageSize / 2)]
            let needed = try await database.uploads.imagesNeedingStagedData(
                among: Array(Set(page.map(\.imageID))), changedSince: time)
            for file in page where !needed.contains(file.imageID) {
                do {
                    guard try await staging.remove(file, minimumAge: Self.orphanedFileAge) else { continue }
                } catch {
                    logger.warning(
                        "A staged file cannot be removed",
                        metadata: ["image_id": "\(file.imageID)", "error": "\(error)"])
                    continue
                }
                logger.log(
                    .staleFileRemoved, "Removed a staged file that no image waits for",
                    metadata: ["image_id": "\(file.imageID)", "bytes": "\(file.size)"])
            }
        }
    }
}

extension Timestamp {
    fileprivate func seconds(until other: Timestamp) -> Int64 {
        (other.microseconds - microseconds) / 1_000_000
    }
}

extension UploadRecord {
    /// The upload as stores know it.
    fileprivate var stored: StoreUpload { StoreUpload(imageID: imageID, uploadID: uploadID) }
}
