public import ImageModel
public import JSON
public import Processes
import TextCoding

/// The durable queue of imports: Glance's tasks, and the table `glance_imports` that says which importer works on them.
///
/// All that an importer writes is conditional on its still holding the job: who has lost it, because the image was deleted or
/// somebody has taken it over, gets ``DatabaseError/conflict`` and leaves everything alone.
public struct ImportsFacet: Sendable {
    let session: DatabaseSession

    // MARK: The queue

    /// Queues an import of an image, in one transaction: state, lock, task and job.
    ///
    /// - Parameter claim: what must be within the limits of the project; nil where there are none.
    /// - Throws: ``DatabaseError/duplicate`` when another import holds the image's lock; ``DatabaseError/conflict`` when the
    ///   image has changed its state; ``DatabaseError/notFound``; ``DatabaseError/limitReached``,
    ///   ``DatabaseError/limitsUnknown``.
    public func enqueue(
        _ task: ImageTask, _ start: ImportStart, claim: LimitClaim? = nil
    ) async throws(DatabaseError) {
        let (image, now) = (start.image, Timestamp.now)
        let id = SQLValue.text(image.id)
        var statements: [Statement] = []
        if let claim {
            let limits = LimitStatements(session.dialect)
            statements += limits.lock(claim.projectID) + limits.check(claim)
        }
        statements.append(
            Statement(
                "UPDATE images SET status = $1, updated_at = $2 WHERE id = $3 AND status = $4 AND NOT deleted",
                [
                    .text((start.status ?? image.status).rawValue), .time(now), id, .text(image.status.rawValue),
                ], required: .conflict))
        if let stale = start.staleTask {
            statements += ImageTask.ending(
                stale, as: .failure, message: "Another import has taken the image over.", result: nil, at: now,
                lifetime: Self.staleTaskLifetime)
            statements.append(Statement("DELETE FROM glance_imports WHERE task_id = $1", [.text(stale)]))
            statements.append(
                Statement(
                    """
                    UPDATE image_properties SET deleted = true, deleted_at = $1, updated_at = $1 WHERE image_id = $2 \
                    AND name = '\(ImportProperty.task)' AND \(session.dialect.isSame("value", "$3")) AND NOT deleted
                    """, [.time(now), id, .text(stale)]))
        }
        statements += [
            // Of two rows of the same name there is never more than one: who changes it first has the lock.
            Statement(
                """
                UPDATE image_properties SET value = $1, updated_at = $2, deleted = false, deleted_at = NULL \
                WHERE image_id = $3 AND name = '\(ImportProperty.task)' AND deleted
                """, [.text(task.id), .time(now), id]),
            Statement(
                session.dialect.insertIfAbsent(ImageWrites.insertionOfProperty),
                [id, .text(ImportProperty.task), .text(task.id), .time(now)]),
            Statement(
                """
                SELECT 1 FROM image_properties WHERE image_id = $1 AND name = '\(ImportProperty.task)' \
                AND \(session.dialect.isSame("value", "$2")) AND NOT deleted
                """, [id, .text(task.id)], required: .duplicate),
            set(ImportProperty.stores, start.stores.joined(separator: ","), of: image.id, now),
            set(ImportProperty.failed, "", of: image.id, now),
            ImageWrites.removeProperty(image.id, ImportProperty.failure, at: now),
        ]
        statements += task.insertion + [Self.insertion(start.job, at: now)]
        try await session.writeChange(ofImage: image.id, statements)
    }

    /// Queues a task whose import makes the image itself.
    public func enqueue(_ task: ImageTask, _ job: ImportJob) async throws(DatabaseError) {
        try await session.write(task.insertion + [Self.insertion(job, at: .now)])
    }

    private static let staleTaskLifetime: Int64 = 48 * 3600

    private static func insertion(_ job: ImportJob, at now: Timestamp) -> Statement {
        var lease = job.lease
        lease.renewedAt = now
        return LeaseTable.imports.insert(
            job.row + [
                ("image_id", .text(job.imageID)), ("project_id", .text(job.projectID)),
                ("needs_staged_file", .bool(job.needsStagedFile)), ("attempts", .integer(0)),
                ("credentials", .text(job.credentials)), ("roles", .text(job.roles.joined(separator: ","))),
                ("created_at", .time(now)),
            ], lease)
    }

    /// All jobs, in the order in which they were queued.
    public func all() async throws(DatabaseError) -> [ImportJob] {
        let rows = try await session.read(
            Statement("SELECT \(ImportJob.columns) FROM glance_imports ORDER BY created_at, task_id"))[0]
        var jobs: [ImportJob] = []
        for index in 0..<rows.count { jobs.append(try ImportJob(rows[index])) }
        return jobs
    }

    /// Makes a job `process`'s: one that waits, or one whose importer is dead.
    ///
    /// - Returns: the job and its task; nil when another importer was faster.
    public func claim(
        _ job: ImportJob, by process: ProcessIdentity
    ) async throws(DatabaseError) -> (job: ImportJob, task: ImageTask)? {
        var taken = job
        taken.lease = ProcessLease(process)
        taken.attempts += 1
        let results = try await session.write([
            LeaseTable.imports.takeOver(
                job.row, from: job.lease, to: taken.lease, setting: [("attempts", .integer(taken.attempts))]),
            Statement(
                """
                UPDATE tasks SET status = 'processing', updated_at = $1 WHERE id = $2 \
                AND status IN ('pending', 'processing') AND EXISTS (SELECT 1 FROM glance_imports j \
                WHERE j.task_id = $2 AND j.host = $3 AND j.pid = $4 AND j.start_time = $5)
                """,
                [
                    .time(taken.lease.renewedAt), .text(job.taskID), .text(process.host),
                    .integer(Int64(process.pid)), .integer(process.startTime),
                ]),
            Statement(
                "SELECT \(ImageTask.columns) FROM \(ImageTask.tables) WHERE t.id = $1", [.text(job.taskID)]),
        ])
        guard results[0].affected > 0, results[2].count > 0 else { return nil }
        return (taken, try ImageTask(results[2][0]))
    }

    /// Says that an importer lives, and which of its jobs are still to be done: the image is there, and nobody has taken
    /// its lock.
    public func renew(of process: ProcessIdentity) async throws(DatabaseError) -> Set<String> {
        var query = StatementBuilder()
        query.append(
            """
            SELECT task_id FROM glance_imports WHERE (image_id IS NULL OR EXISTS (SELECT 1 FROM images i \
            JOIN image_properties p ON p.image_id = i.id AND p.name = '\(ImportProperty.task)' AND NOT p.deleted \
            WHERE i.id = glance_imports.image_id AND NOT i.deleted AND p.value = glance_imports.task_id)) AND
            """)
        query.append(" \(LeaseTable.isOwn(process, &query))")
        let results = try await session.write([LeaseTable.imports.renew(by: process), query.statement])
        return Set(results[1].firstColumn())
    }

    /// Gives a job back that this process cannot go on with, as if it had never begun.
    public func release(_ job: ImportJob) async throws(DatabaseError) {
        var free = job
        free.lease = ProcessLease(.nobody)
        var builder = StatementBuilder()
        builder.append("UPDATE glance_imports SET host = '', pid = 0, start_time = 0")
        builder.append(", attempts = \(builder.bind(.integer(max(0, job.attempts - 1))))")
        builder.append(" WHERE task_id = \(builder.bind(.text(job.taskID)))")
        builder.append(" AND \(LeaseTable.isOwn(job.lease.process, &builder))")
        try await session.write([builder.statement])
    }

    // MARK: What an importer writes

    /// Says how far a job is.
    public func report(_ job: ImportJob, _ message: String) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.write([
            holding(job, at: now),
            Statement("UPDATE tasks SET updated_at = $1 WHERE id = $2", [.time(now), .text(job.taskID)]),
            Statement("UPDATE task_info SET message = $1 WHERE task_id = $2", [.text(message), .text(job.taskID)]),
        ])
    }

    /// Records which image a job has made. The image gets the job's lock.
    public func adopt(_ image: Image, for job: ImportJob) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.write([
            holding(job, at: now),
            Statement(
                "UPDATE glance_imports SET image_id = $1 WHERE task_id = $2", [.text(image.id), .text(job.taskID)]),
            Statement("UPDATE tasks SET image_id = $1 WHERE id = $2", [.text(image.id), .text(job.taskID)]),
            set(ImportProperty.task, job.taskID, of: image.id, now),
        ])
    }

    /// Changes the image that is imported: formats, properties, size.
    ///
    /// - Throws: ``DatabaseError/conflict`` when the job is lost.
    public func change(_ image: Image, to changed: Image, by job: ImportJob) async throws(DatabaseError) {
        let now = Timestamp.now
        var statements = [holding(job, at: now), ImageWrites.updateRow(from: image, to: changed, at: now)]
        for (name, value) in changed.properties where image.properties[name] != value {
            statements.append(set(name, value, of: image.id, now))
        }
        try await session.write(statements)
    }

    /// Gives the image the location that its import is about.
    ///
    /// - Throws: ``DatabaseError/conflict`` when the job is lost.
    public func attach(
        _ location: ImageLocation, to image: Image, _ changed: Image, by job: ImportJob
    ) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.write([
            holding(job, at: now), ImageWrites.updateRow(from: image, to: changed, at: now),
            session.locationRows.insert(image.id, location, at: now),
        ])
    }

    /// Records that the image's data are going to be written into a store.
    ///
    /// - Throws: ``DatabaseError/duplicate`` while what an earlier try has left in the store is still to be cleaned up.
    public func begin(
        _ upload: UploadRecord, of job: ImportJob, claim: LimitClaim? = nil
    ) async throws(DatabaseError) {
        var statements: [Statement] = []
        var row = upload.row + [("store_id", .text(upload.storeID))]
        if let claim {
            let limits = LimitStatements(session.dialect)
            statements += limits.lock(claim.projectID) + limits.check(claim)
            row += [
                ("project_id", .text(claim.projectID)),
                ("claimed_bytes", .integer(claim.amounts[.imageSizeTotal] ?? 0)),
            ]
        }
        statements += [
            holding(job, at: .now),
            Statement(
                """
                SELECT 1\(session.dialect.noTable) WHERE NOT EXISTS (SELECT 1 FROM glance_uploads \
                WHERE image_id = $1 AND store_id = $2)
                """, [.text(upload.imageID), .text(upload.storeID)], required: .duplicate),
            LeaseTable.uploads.insert(row, upload.lease),
        ]
        try await session.write(statements)
    }

    /// Records that a store has the data.
    ///
    /// - Parameters:
    ///   - image: as it is to be by then: active with size and hashes, or still importing.
    ///   - rest: ids of the stores that are still to come.
    public func finish(
        _ upload: UploadRecord, of job: ImportJob, at location: ImageLocation, from old: Image, to image: Image,
        rest: [String]
    ) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.write([
            holding(job, at: now), UploadsFacet.forget(upload, ifAbandoned: false),
            ImageWrites.updateRow(from: old, to: image, at: now),
            session.locationRows.insert(image.id, location, at: now),
            set(ImportProperty.stores, rest.joined(separator: ","), of: image.id, now),
        ])
    }

    /// Records that a store did not take the data, and that the import goes on with others.
    public func skip(
        _ job: ImportJob, image id: String, failed: [String], rest: [String]
    ) async throws(DatabaseError) {
        let now = Timestamp.now
        try await session.write([
            holding(job, at: now), set(ImportProperty.failed, failed.joined(separator: ","), of: id, now),
            set(ImportProperty.stores, rest.joined(separator: ","), of: id, now),
        ])
    }

    /// How a job has ended.
    public struct End: Sendable {
        public var status: ImageTask.Status
        public var message: String
        public var result: JSONValue?
        /// Seconds for which the task can be looked at.
        public var lifetime: Int64
        /// The image goes back to `queued` without data, unless it was active all the time.
        public var image: Image?
        /// Ids of the stores that did not take the data.
        public var failedStores: [String]?

        public init(status: ImageTask.Status, message: String, result: JSONValue? = nil, lifetime: Int64) {
            self.status = status
            self.message = message
            self.result = result
            self.lifetime = lifetime
        }
    }

    /// Ends a job: the task, the lock, and on failure what it has written so far.
    ///
    /// - Throws: ``DatabaseError/conflict`` when the job is lost.
    public func end(_ job: ImportJob, _ end: End) async throws(DatabaseError) {
        let now = Timestamp.now
        var statements = [LeaseTable.imports.forget(job.row, job.lease, required: .conflict)]
        statements += ImageTask.ending(
            job.taskID, as: end.status, message: end.message, result: end.result, at: now, lifetime: end.lifetime)
        if let id = job.imageID ?? end.image?.id {
            for name in [ImportProperty.task, ImportProperty.stageHost] {
                statements.append(ImageWrites.removeProperty(id, name, at: now))
            }
            // Properties of an image that is gone stay gone.
            statements += [
                update(ImportProperty.stores, "", of: id, now),
                Statement("UPDATE images SET updated_at = $1 WHERE id = $2 AND NOT deleted", [.time(now), .text(id)]),
            ]
            if let failed = end.failedStores {
                statements.append(update(ImportProperty.failed, failed.joined(separator: ","), of: id, now))
            }
            if end.status == .failure, end.image != nil {
                statements.append(set(ImportProperty.failure, end.message, of: id, now))
            }
        }
        if let image = end.image {
            statements.append(
                Statement(
                    """
                    UPDATE images SET status = 'queued', size = NULL, virtual_size = NULL, checksum = NULL, \
                    os_hash_algo = NULL, os_hash_value = NULL WHERE id = $1 AND status IN ('importing', 'uploading') \
                    AND NOT deleted
                    """, [.text(image.id)]))
        }
        try await session.write(statements)
    }

    /// Takes locations that the import has added out of its image. Their data are to be removed next, before the job ends: until then
    /// nobody else brings data into these stores.
    ///
    /// - Throws: ``DatabaseError/conflict`` when the job is lost.
    public func withdraw(_ locations: [ImageLocation], from job: ImportJob) async throws(DatabaseError) {
        let now = Timestamp.now
        var statements = [holding(job, at: now)]
        for location in locations {
            statements.append(
                Statement(
                    """
                    UPDATE image_locations SET status = 'pending_delete', deleted = true, deleted_at = $1, \
                    updated_at = $1 WHERE id = $2 AND NOT deleted
                    """, [.time(now), .integer(location.id)]))
        }
        try await session.write(statements)
    }

    // MARK: Parts

    /// Fails when the job is not its process's any more.
    private func holding(_ job: ImportJob, at now: Timestamp) -> Statement {
        var statement = LeaseTable.imports.renew(job.row, by: job.lease.process, at: now)
        statement.required = .conflict
        return statement
    }

    private func set(_ name: String, _ value: String?, of id: String, _ now: Timestamp) -> Statement {
        ImageWrites.setProperty(id, name, value, at: now, session.dialect)
    }

    private func update(_ name: String, _ value: String, of id: String, _ now: Timestamp) -> Statement {
        Statement(
            "UPDATE image_properties SET value = $1, updated_at = $2 WHERE image_id = $3 AND name = $4 AND NOT deleted",
            [.text(value), .time(now), .text(id), .text(name)])
    }
}
