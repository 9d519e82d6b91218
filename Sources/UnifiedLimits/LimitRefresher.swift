import Events
import Identity
import ImageDatabase
import Logging
import TextCoding

/// Keeps the mirror, and tells the journal what an operator should know, once.
struct LimitRefresher: Sendable {
    private let reader: LimitReader
    private let database: ImageDatabase
    private let logger: Logger
    private var stored: StoredLimitMirror?
    private var isStale = false
    private var missing: Set<LimitedResource> = []

    init(reader: LimitReader, database: ImageDatabase, logger: Logger) {
        self.reader = reader
        self.database = database
        self.logger = logger
    }

    /// Whether there is a mirror, however old.
    var knowsLimits: Bool { stored != nil }

    /// Reads the limits from Keystone and writes them down. False when that was not possible.
    mutating func refresh() async -> Bool {
        do {
            let reading = try await mirrorKeystone()
            if isStale {
                isStale = false
                logger.log(.limitsRecovered, level: .notice, "Keystone's limits can be read again")
            }
            logger.log(
                .limitsRefreshed, level: .debug, "limits are up to date",
                metadata: [
                    "model": "\(reading.mirror.model)", "registered_limits": "\(reading.mirror.defaults.count)",
                    "limits": "\(reading.mirror.own.count)",
                ])
            reportMissing(reading)
            return true
        } catch {
            if Task.isCancelled { return false }
            await reportStale(error)
            return false
        }
    }

    /// Two nodes may do this at the same time: who finds that the other has written meanwhile asks Keystone again, so
    /// that older limits never replace newer ones.
    private mutating func mirrorKeystone() async throws -> LimitReader.Reading {
        for _ in 0..<10 {
            let generation = try await database.limits.mirrorState()?.generation
            if generation == nil || generation != stored?.generation { stored = try await database.limits.mirror() }
            let reading = try await reader.read()
            if try await store(reading.mirror) { return reading }
        }
        throw LimitReader.Failure(
            description: "other nodes change the limits all the time; do all ask the same Keystone?")
    }

    /// False when another node was faster.
    private mutating func store(_ mirror: LimitMirror) async throws(DatabaseError) -> Bool {
        do {
            stored = try await database.limits.storeMirror(mirror, over: stored)
            return true
        } catch {
            stored = nil
            guard error == .conflict else { throw error }
            return false
        }
    }

    private mutating func reportStale(_ error: any Error) async {
        guard !isStale else {
            logger.debug("limits still cannot be refreshed", metadata: ["error": "\(error)"])
            return
        }
        isStale = true
        var metadata: Logger.Metadata = ["error": "\(error)"]
        let refreshedAt = (try? await database.limits.mirrorState())?.refreshedAt ?? stored?.refreshedAt
        guard let refreshedAt else {
            logger.log(
                .limitsStale, level: .warning,
                "Keystone's limits cannot be read, and never could: uploads and new images are refused with 503 until they can",
                metadata: metadata)
            return
        }
        let age = max(0, (Timestamp.now.microseconds - refreshedAt.microseconds) / 1_000_000)
        metadata["age_seconds"] = "\(age)"
        logger.log(
            .limitsStale, level: .warning,
            "Keystone's limits cannot be read; those of \(age) s ago go on counting", metadata: metadata)
    }

    private mutating func reportMissing(_ reading: LimitReader.Reading) {
        let found = Set(reading.mirror.defaults.keys)
        for resource in LimitedResource.allCases where !found.contains(resource) && !missing.contains(resource) {
            logger.log(
                .registeredLimitMissing, level: .warning, "\(reading.adviceForMissing(resource))",
                metadata: ["resource_name": "\(resource.rawValue)"])
        }
        for resource in missing.intersection(found) {
            logger.notice(
                "the registered limit \(resource.rawValue) is there now",
                metadata: ["resource_name": "\(resource.rawValue)"])
        }
        missing = Set(LimitedResource.allCases).subtracting(found)
    }
}
