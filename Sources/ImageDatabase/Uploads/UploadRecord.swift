public import Processes
public import TextCoding

/// A running upload: the row of the table `glance_uploads` that exists exactly while an image is `saving` through us.
///
/// The table is ours and not Glance's: Python Glance never looks at it and no Alembic revision knows it.
public struct UploadRecord: Sendable, Equatable {
    public var imageID: String
    /// Unique for each try; part of the temporary name of what is being written.
    public var uploadID: String
    /// Store that the data goes to; nil in single-store mode.
    public var storeID: String?
    public var lease: ProcessLease

    public init(
        imageID: String, uploadID: String, storeID: String?, process: ProcessIdentity, renewedAt: Timestamp = .now
    ) {
        self.imageID = imageID
        self.uploadID = uploadID
        self.storeID = storeID
        lease = ProcessLease(process, renewedAt: renewedAt)
    }

    init(imageID: String, uploadID: String, storeID: String?, lease: ProcessLease) {
        self.imageID = imageID
        self.uploadID = uploadID
        self.storeID = storeID
        self.lease = lease
    }

    /// Who writes, or cleans up.
    public var process: ProcessIdentity { lease.process }
}

extension UploadRecord {
    /// What names the row in ``LeaseTable/uploads``: a record of another try is another row.
    var row: LeaseTable.Cells { [("image_id", .text(imageID)), ("upload_id", .text(uploadID))] }
}
