public import ImageModel
public import Logging

/// The Glance database of one process: a pool of connections and the queries on images.
///
/// All methods can be called from any task; none blocks the caller's thread. Every method throws ``DatabaseError``.
/// SQL stands once, in a form that both drivers take; only the drivers know PostgreSQL or SQLite.
public final class ImageDatabase: Sendable {
    /// Opens the pool. No connection is made before the first query.
    ///
    /// - Parameter url: SQLAlchemy URL: `postgresql://`, `postgresql+psycopg2://`, `sqlite:////absolute/path`.
    /// - Throws: ``DatabaseError/unsupportedURL(_:)``; the message never holds the password.
    public init(url: String, options: DatabaseOptions = DatabaseOptions(), logger: Logger) throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Waits for running queries and closes all connections.
    public func close() async {}

    // MARK: Images

    /// One image with its live properties, tags, locations and members, in one round trip.
    /// Nil when there is no such row, or (unless `includingDeleted`) when it is deleted.
    public func image(_ id: String, includingDeleted: Bool = false) async throws(DatabaseError) -> Image? {
        fatalError("skeleton")
    }

    /// One page of images with properties, tags, locations and members, in one round trip whatever their number.
    ///
    /// - Throws: ``DatabaseError/markerNotFound`` when the marker is missing, deleted or not visible to the viewer.
    public func images(_ query: ImageQuery) async throws(DatabaseError) -> [Image] {
        fatalError("skeleton")
    }

    /// Writes a new image with properties and tags (and locations, if any) in one transaction.
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the id is taken, by a soft-deleted image too.
    public func insert(_ image: Image) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Writes what differs between `old` and `new` (row, properties, tags, locations) in one transaction, sets
    /// `updated_at` and returns it.
    ///
    /// The row changes only if its status is still `old.status`; a removed location gets the status that the row of
    /// `new` says, or `deleted`. Nothing is written for what did not change, so parallel changes of other fields stay.
    ///
    /// - Throws: ``DatabaseError/conflict`` when the status changed meanwhile, ``DatabaseError/notFound`` when the image
    ///   is gone.
    public func update(from old: Image, to new: Image) async throws(DatabaseError) -> Timestamp {
        fatalError("skeleton")
    }

    /// Soft-deletes an image and its properties, tags, members and locations in one transaction, whatever its
    /// locations' visibility to the caller, and returns the locations that were live.
    ///
    /// - Parameters:
    ///   - status: `deleted`, or `pendingDelete` for the scrubber; locations become the same.
    ///   - from: the states in which deletion is allowed.
    /// - Throws: ``DatabaseError/conflict``, ``DatabaseError/notFound``.
    public func delete(
        _ id: String, to status: ImageStatus, from: Set<ImageStatus>
    ) async throws(DatabaseError) -> [ImageLocation] {
        fatalError("skeleton")
    }

    /// Bytes that a project uses: for each of its images not killed, deleted or pending_delete, size × live locations.
    public func storageUsage(ofProject project: String, excludingImage: String? = nil) async throws(DatabaseError) -> Int64 {
        fatalError("skeleton")
    }

    // MARK: Tags

    /// Adds one tag; nothing happens when the image has it.
    public func addTag(_ tag: String, toImage id: String) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Removes one tag. False when the image has no such tag.
    public func removeTag(_ tag: String, fromImage id: String) async throws(DatabaseError) -> Bool {
        fatalError("skeleton")
    }

    // MARK: Members

    /// Adds a member with status `pending`.
    ///
    /// - Throws: ``DatabaseError/duplicate`` when the project is a member already, ``DatabaseError/limitReached`` when the
    ///   image has `limit` members (negative: no limit); count and insert are one statement.
    public func addMember(_ project: String, toImage id: String, limit: Int) async throws(DatabaseError) -> ImageMember {
        fatalError("skeleton")
    }

    /// Stores a member's answer. Nil when the project is not a member.
    public func updateMember(
        _ project: String, ofImage id: String, status: ImageMember.Status
    ) async throws(DatabaseError) -> ImageMember? {
        fatalError("skeleton")
    }

    /// Soft-deletes a member. False when the project is not a member.
    public func removeMember(_ project: String, fromImage id: String) async throws(DatabaseError) -> Bool {
        fatalError("skeleton")
    }

    // MARK: Uploads

    /// Moves an image from `queued` to `saving` and records who uploads, in one transaction.
    ///
    /// The record (table `glance_uploads`, ours) is what makes a crash visible: see ``abandonedUploads(host:)``.
    /// - Throws: ``DatabaseError/conflict`` when the image is not `queued`, ``DatabaseError/notFound``.
    public func beginUpload(_ upload: UploadRecord) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Moves an image from `saving` to `active` with its location, size and hashes, and forgets the upload record,
    /// in one transaction.
    ///
    /// - Throws: ``DatabaseError/conflict`` or ``DatabaseError/notFound`` when the image was deleted meanwhile or the
    ///   upload was declared dead: nothing is written and the caller has to remove the bytes.
    public func finishUpload(
        _ upload: UploadRecord, location: ImageLocation, size: Int64, virtualSize: Int64?, checksum: String?,
        hashAlgorithm: String?, hashValue: String?
    ) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Moves an image from `saving` back to `queued` without size, hashes or locations and forgets the upload record,
    /// in one transaction. The bytes must be gone before.
    public func abortUpload(_ upload: UploadRecord) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// Says that this process still works on its uploads: one statement for all of them.
    public func renewUploads(of process: ProcessIdentity) async throws(DatabaseError) {
        fatalError("skeleton")
    }

    /// All upload records, for the sweep that looks for dead ones.
    public func uploads() async throws(DatabaseError) -> [UploadRecord] {
        fatalError("skeleton")
    }
}

/// Settings of `[database]` that our drivers honour. Units: seconds, connections.
public struct DatabaseOptions: Sendable {
    public var maxPoolSize = 5
    public var maxOverflow = 50
    public var poolTimeout: Int? = nil
    public var connectionRecycleTime = 3600
    public var maxRetries = 10
    public var retryInterval = 10
    /// SQLite's `synchronous` pragma is FULL when true.
    public var sqliteSynchronous = true
    /// Tries of a transaction after a deadlock, serialization failure or busy database.
    public var transactionRetries = 20

    public init() {}
}

/// What can go wrong in the database, in terms of the domain.
public enum DatabaseError: Error, Sendable, Equatable {
    /// The URL names a database that no driver here speaks. Holds the scheme only.
    case unsupportedURL(String)
    /// No connection, or the connection broke during the statement. Holds the server's words, never the password.
    case unavailable(String)
    /// No `alembic_version` or not the head that this release needs; holds the revision found.
    case notMigrated(String?)
    case notFound
    case duplicate
    /// The row is not in the state that the change asked for.
    case conflict
    case limitReached
    case markerNotFound
    /// A statement that the database refused: a defect, or somebody else's schema.
    case statement(code: String, message: String)
}
