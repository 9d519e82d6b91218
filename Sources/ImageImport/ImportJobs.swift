import ImageDatabase
import ImageModel
import Logging
import Processes
import Synchronization

/// The imports of one process: takes jobs from the queue, runs them side by side, and ends those that are lost.
public final class ImportJobs: Sendable {
    private let tools: ImportTools
    private let process = ProcessIdentity.current()
    private let running = Mutex<[String: Running]>([:])
    private let turns = Mutex(ProjectTurns())

    private struct Running {
        let project: String
        let progress: ImportProgress
        let task: Task<Void, Never>
        let job: ImportJob
    }

    public init(_ tools: ImportTools) { self.tools = tools }

    private var database: ImageDatabase { tools.service.common.database }

    /// How many imports run.
    private var count: Int { running.withLock { $0.count } }

    /// What runs, and how far it is.
    public var load: ImportLoad {
        running.withLock { jobs in
            jobs.values.reduce(into: ImportLoad(count: jobs.count)) { load, job in
                let (done, expected) = job.progress.state
                load.done += done
                load.expected = load.expected.flatMap { sum in expected.map { sum + $0 } }
            }
        }
    }

    /// Begins what there is to do, and gives up what is not this process's any more. One small query when there is nothing.
    public func look() async throws {
        if count > 0 {
            let held = try await database.imports.renew(of: process)
            for (id, job) in running.withLock({ $0 }) where !held.contains(id) { job.task.cancel() }
        }
        let known = running.withLock { Set($0.keys) }
        let queue = try await database.imports.all()
        turns.withLock { $0.keep(Set(queue.map(\.projectID))) }
        var candidates: [ImportJob] = []
        for job in queue where !known.contains(job.taskID) {
            guard job.isWaiting || job.lease.isDead(seenBy: process), await canDo(job) else { continue }
            candidates.append(job)
        }
        while count < tools.settings.mostJobs, let next = nextInTurn(&candidates) {
            guard let (job, task) = try await database.imports.claim(next, by: process) else { continue }
            start(job, task)
        }
    }

    /// Staged data are where they were staged; whoever has them does the import. A node that should have them, and has not,
    /// says so.
    private func canDo(_ job: ImportJob) async -> Bool {
        guard job.needsStagedFile, let id = job.imageID else { return true }
        if await tools.staging?.size(ofImage: id) != nil { return true }
        guard let image = try? await database.images.find(id) else { return true }
        let host = image.properties[ImportProperty.stageHost] ?? nil
        return host == nil || host == tools.settings.selfURL
    }

    private func nextInTurn(_ candidates: inout [ImportJob]) -> ImportJob? {
        let busy = running.withLock { jobs in
            jobs.values.reduce(into: [String: Int]()) { $0[$1.project, default: 0] += 1 }
        }
        return turns.withLock { $0.next(of: &candidates, running: busy) }
    }

    private func start(_ job: ImportJob, _ task: ImageTask) {
        let progress = ImportProgress()
        let run = ImportRun(job: job, task: task, tools: tools, progress: progress)
        running.withLock { jobs in
            jobs[job.taskID] = Running(
                project: job.projectID, progress: progress,
                task: Task { [self] in
                    await self.work(run)
                    self.running.withLock { _ = $0.removeValue(forKey: job.taskID) }
                }, job: job)
        }
    }

    private func work(_ run: ImportRun) async {
        let id: Logger.MetadataValue = .string(run.job.taskID)
        do {
            try await run.run()
        } catch is LostJob {
            tools.service.logger.info("An import was given up: its image is gone", metadata: ["task_id": id])
        } catch {
            // Stopped, or the database is away: whoever comes next goes on with it.
            do {
                try await Task.detached { [database] in try await database.imports.release(run.job) }.value
            } catch {
                tools.service.logger.debug("a job stays claimed", metadata: ["task_id": id, "error": "\(error)"])
            }
        }
    }

    /// Writes into the tasks how far they are. One that is long at a step has no new bytes, and yet has to show that it lives:
    /// the lock of its image would be taken for stale.
    public func report() async throws {
        let current = running.withLock { jobs in jobs.values.map { ($0.job, $0.progress) } }
        for (job, progress) in current {
            let (done, expected) = progress.state
            let message = progress.message
            guard try await note(job, message), done > 0 else { continue }
            tools.service.common.log(
                .importProgress, level: .info, "Import under way: \(message)", image: job.imageID ?? "", for: nil,
                [
                    "task_id": .string(job.taskID), "bytes": .stringConvertible(done),
                    "expected_bytes": .string(expected.map(String.init) ?? "unknown"),
                ])
        }
    }

    /// False when the job is lost.
    private func note(_ job: ImportJob, _ message: String) async throws(DatabaseError) -> Bool {
        do {
            try await database.imports.report(job, message)
            return true
        } catch {
            guard error == .conflict else { throw error }
            return false
        }
    }

    /// Ends all imports where they are; another importer goes on with them.
    public func stop() async {
        let tasks = running.withLock { $0.values.map(\.task) }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
