/// Where an image is in its life.
///
/// Source: Images API v2, "Image statuses"; the allowed transitions are those of Glance's domain layer.
public enum ImageStatus: String, Sendable, CaseIterable {
    /// The row exists, no data yet.
    case queued
    /// Data is being uploaded.
    case saving
    /// Data is being staged for an import.
    case uploading
    /// An import runs.
    case importing
    /// Data is complete and can be downloaded.
    case active
    /// Complete, but only administrators may download.
    case deactivated
    /// An upload failed (only written by old releases).
    case killed
    /// Soft-deleted; the id stays reserved until the row is purged.
    case deleted
    /// Deleted by its owner, data still to be removed by the scrubber.
    case pendingDelete = "pending_delete"

    /// The states that can follow this one.
    public var successors: Set<ImageStatus> {
        switch self {
        case .queued: [.saving, .uploading, .importing, .active, .deleted]
        case .saving: [.active, .killed, .deleted, .queued]
        case .uploading: [.importing, .queued, .deleted]
        case .importing: [.active, .deleted, .queued]
        case .active: [.pendingDelete, .deleted, .deactivated]
        case .killed: [.deleted]
        case .pendingDelete: [.deleted, .active]
        case .deactivated: [.active, .deleted]
        case .deleted: []
        }
    }

    /// Whether an image may go from this state to `next`.
    public func canBecome(_ next: ImageStatus) -> Bool {
        successors.contains(next)
    }
}
