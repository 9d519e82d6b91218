import Processes

/// A task that waits for an importer or that one works on: a row of the table `glance_imports`, which is ours.
///
/// What is to be done stands in Glance's own task (``ImageTask/input``); this row says who does it. It exists as long as the
/// task is neither a success nor a failure.
public struct ImportJob: Sendable, Equatable {
    public var taskID: String
    /// Nil until the import itself has made the image.
    public var imageID: String?
    /// Project that imports take turns by.
    public var projectID: String
    /// Only a node that has the image's staged file can do it.
    public var needsStagedFile: Bool
    /// How often an importer has begun.
    public var attempts: Int
    /// What the importer needs of the user who asked, sealed.
    public var credentials: String?
    /// Of that user.
    public var roles: [String] = []
    /// Of the importer that works on it.
    public var lease: ProcessLease

    public init(
        taskID: String, imageID: String?, projectID: String, needsStagedFile: Bool = false, credentials: String? = nil
    ) {
        self.taskID = taskID
        self.imageID = imageID
        self.projectID = projectID
        self.needsStagedFile = needsStagedFile
        self.credentials = credentials
        attempts = 0
        lease = ProcessLease(.nobody)
    }

    /// Whether no importer works on it.
    public var isWaiting: Bool { lease.process == .nobody }
}

extension ProcessIdentity {
    /// The holder of what nobody holds.
    static let nobody = ProcessIdentity(host: "", pid: 0, startTime: 0)
}

extension ImportJob {
    static let columns =
        "task_id, image_id, project_id, needs_staged_file, attempts, credentials, roles, host, pid, start_time, renewed_at"

    init(_ row: Row) throws(DatabaseError) {
        taskID = try row.required(row.text(0), 0)
        imageID = row.text(1)
        projectID = try row.required(row.text(2), 2)
        needsStagedFile = row.bool(3)
        attempts = Int(try row.integer(4) ?? 0)
        credentials = row.text(5)
        roles = (row.text(6) ?? "").split(separator: ",").map(String.init)
        lease = try ProcessLease(row, from: 7)
    }

    /// What names the row in ``LeaseTable/imports``.
    var row: LeaseTable.Cells { [("task_id", .text(taskID))] }
}
