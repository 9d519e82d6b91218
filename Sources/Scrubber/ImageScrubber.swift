import Events
import ImageDatabase
import ImageModel
import ImageStore
import Logging
import OsloConfig
import Processes
import Staging
import TextCoding

/// Removes what deleted images, crashes and time have left, on one node among several.
///
/// The nodes share nothing but the database: an image is claimed by a row before its data are touched, and the claims and
/// upload records of processes that have died are told by their identity or their age.
struct ImageScrubber: Sendable {
    let database: ImageDatabase
    let stores: StoreRegistry
    let staging: StagingDirectory?
    let settings: ScrubberSettings
    let process: ProcessIdentity
    /// Images that this process works on.
    let active = ActiveClaims()
    /// Stores that locations name and this node does not have, as far as they have been told.
    let missingStores = MissingStores()
    let logger: Logger

    /// How long after a conditional update this process may count on holding what it removes: much less than the lease,
    /// after which somebody else may take it over.
    static let removalTime: Duration = .seconds(120)
    /// Rows that are read at a time.
    static let pageSize = 1000

    /// What one run has done.
    struct Summary: Sendable, Equatable {
        var scrubbed = 0
        /// Images of which something could not be removed.
        var failed = 0
    }

    init(
        database: ImageDatabase, stores: StoreRegistry, configuration: Configuration,
        process: ProcessIdentity = .current(), logger: Logger
    ) {
        self.database = database
        self.stores = stores
        self.staging = StagingDirectory(configuration: configuration)
        self.settings = ScrubberSettings(configuration)
        self.process = process
        self.logger = logger
    }

    /// Scrubs every image that is `pending_delete` for longer than `scrub_time`. Ends early, between two locations, when
    /// the task is cancelled.
    ///
    /// - Throws: when the queue cannot be read.
    @discardableResult
    func scrub() async throws(DatabaseError) -> Summary {
        let time = Timestamp.now.advanced(bySeconds: -settings.keepingTime)
        var summary = Summary()
        var marker: ScrubMarker?
        while !Task.isCancelled {
            let page = try await database.scrubs.due(deletedBefore: time, after: marker, limit: Self.pageSize)
            for isScrubbed in try await scrub(page.map(\.imageID), deletedBefore: time) {
                if isScrubbed { summary.scrubbed += 1 } else { summary.failed += 1 }
            }
            guard page.count == Self.pageSize else { break }
            marker = page.last
        }
        return summary
    }

    /// Scrubs some images, `scrub_pool_size` at a time.
    ///
    /// - Returns: for each that was claimed, whether nothing is left of it.
    private func scrub(_ ids: [String], deletedBefore time: Timestamp) async throws(DatabaseError) -> [Bool] {
        let results = await withTaskGroup(of: Result<Bool?, DatabaseError>.self) { group in
            var results: [Result<Bool?, DatabaseError>] = []
            var running = 0
            for id in ids {
                if Task.isCancelled { break }
                if running == settings.poolSize, let result = await group.next() {
                    results.append(result)
                    running -= 1
                    // The database is away: the rest would fail too.
                    if case .failure = result { break }
                }
                group.addTask { await scrub(id, deletedBefore: time) }
                running += 1
            }
            for await result in group { results.append(result) }
            return results
        }
        var scrubbed: [Bool] = []
        for result in results {
            if let isScrubbed = try result.get() { scrubbed.append(isScrubbed) }
        }
        return scrubbed
    }

    /// Claims and scrubs one image; nil when it was not there to be claimed.
    private func scrub(_ id: String, deletedBefore time: Timestamp) async -> Result<Bool?, DatabaseError> {
        active.insert(id)
        defer { active.remove(id) }
        do throws(DatabaseError) {
            guard let scrub = try await database.scrubs.claim(of: id, deletedBefore: time, by: process) else {
                return .success(nil)
            }
            var removed: [Int64] = []
            for location in scrub.locations where !Task.isCancelled {
                // A claim that was taken away while we slept is nobody's leave to remove anything.
                let context = StoreContext(deadline: .now + Self.removalTime)
                guard try await database.scrubs.renew(scrub.claim) else { return .success(false) }
                if try await remove(location, ofImage: id, context: context), let row = location.id {
                    removed.append(row)
                }
            }
            let isComplete = removed.count == scrub.locations.count
            let isDeleted = try await database.scrubs.finish(scrub.claim, removed: removed, isComplete: isComplete)
            if isDeleted {
                var metadata: Logger.Metadata = ["image_id": "\(id)"]
                metadata["bytes"] = scrub.size.map { "\($0)" }
                logger.log(.imageScrubbed, "Image has been scrubbed", metadata: metadata)
            }
            return .success(isDeleted)
        } catch {
            return .failure(error)
        }
    }

    /// Removes the data at a location, unless another row needs them.
    ///
    /// - Returns: whether the location is done. If not, the reason has been logged.
    func remove(
        _ location: ImageLocation, ofImage id: String, context: StoreContext
    ) async throws(DatabaseError) -> Bool {
        func failed(_ reason: String, _ store: String?) -> Bool {
            logger.log(
                .scrubFailed, level: .warning, "Data of a deleted image could not be removed, will try again",
                metadata: ["image_id": "\(id)", "store": "\(store ?? "")", "error": "\(reason)"])
            return false
        }
        guard let store = stores.store(for: location) else {
            // It is for a node that has the store.
            if missingStores.isNew(location.storeID) {
                _ = failed("no store that is configured here holds the location", location.storeID)
            }
            return false
        }
        // As the last thing before the data go: a live image may use them too.
        if try await database.locations.giveUpShared(location) {
            logger.info(
                "Data stay, because another image has the same location",
                metadata: ["image_id": "\(id)", "store": "\(store.id)"])
            return true
        }
        do {
            try await store.delete(location, context: context)
        } catch .notFound, .readOnly {
            // Gone already, or not ours to remove.
        } catch {
            // An outage is told by the store itself.
            return error.isOutage ? false : failed("\(error)", store.id)
        }
        return true
    }
}
