public import ImageModel
public import Processes
public import TextCoding

/// Somebody works on the data of an image that is `pending_delete`, to remove them or to bring them back: a row of the
/// table `glance_scrubs`, which is ours and not Glance's.
public struct ScrubClaim: Sendable, Equatable {
    public var imageID: String
    public var lease: ProcessLease

    public init(imageID: String, process: ProcessIdentity, renewedAt: Timestamp = .now) {
        self.imageID = imageID
        lease = ProcessLease(process, renewedAt: renewedAt)
    }

    init(imageID: String, lease: ProcessLease) {
        self.imageID = imageID
        self.lease = lease
    }

    /// Who works on the image.
    public var process: ProcessIdentity { lease.process }
}

extension ScrubClaim {
    /// What names the row in ``LeaseTable/scrubs``.
    var row: LeaseTable.Cells { [("image_id", .text(imageID))] }
}

/// Where a page of images to scrub ends.
public struct ScrubMarker: Sendable {
    public var deletedAt: Timestamp
    public var imageID: String
}

/// What a claim to scrub an image has found.
public struct ClaimedScrub: Sendable {
    public var claim: ScrubClaim
    /// Bytes, where known.
    public var size: Int64?
    /// All that are `pending_delete`; empty when a run before had removed everything.
    public var locations: [ImageLocation]
}

/// What a claim to restore an image has found.
public struct ClaimedRestore: Sendable {
    public var claim: ScrubClaim
    /// When the image was deleted.
    public var deletedAt: Timestamp
    /// Those that were deleted with the image and are still `pending_delete`.
    public var locations: [ImageLocation]
    /// From when on the deletion of a property belongs to that of the image.
    var propertiesDeletedFrom: Timestamp
}

/// Why an image cannot be claimed for restoring.
public enum RestoreRefusal: Error, Sendable, Equatable {
    case notFound
    /// The image is not `pending_delete`.
    case status(ImageStatus)
    /// A scrubber works on it, or has died while it did.
    case claimed(ScrubClaim)
    case database(DatabaseError)
}
