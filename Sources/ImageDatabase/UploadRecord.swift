public import ImageModel

/// A running upload: the row of the table `glance_uploads` that exists exactly while an image is `saving` through us.
///
/// The table is ours and not Glance's: Python Glance never looks at it and no Alembic revision knows it.
public struct UploadRecord: Sendable, Equatable {
    public var imageID: String
    /// Unique for each try; part of the temporary name of what is being written.
    public var uploadID: String
    /// Store that the data goes to; nil in single-store mode.
    public var storeID: String?
    public var process: ProcessIdentity
    /// When the process last said that it is alive.
    public var renewedAt: Timestamp

    public init(
        imageID: String, uploadID: String, storeID: String?, process: ProcessIdentity, renewedAt: Timestamp = .now
    ) {
        self.imageID = imageID
        self.uploadID = uploadID
        self.storeID = storeID
        self.process = process
        self.renewedAt = renewedAt
    }
}

/// Names a process so that another one can tell whether it still lives.
public struct ProcessIdentity: Sendable, Hashable {
    /// `<boot id>/<inode of the PID namespace>`: processes with the same value see each other in /proc.
    public var host: String
    public var pid: Int32
    /// Start time in clock ticks since boot (field 22 of /proc/PID/stat): tells a reused pid apart.
    public var startTime: Int64

    public init(host: String, pid: Int32, startTime: Int64) {
        self.host = host
        self.pid = pid
        self.startTime = startTime
    }
}
