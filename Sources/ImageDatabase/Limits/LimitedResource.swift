/// What Keystone's unified limits can limit in an image service.
///
/// Source: Glance administration guide, "Image quotas".
public enum LimitedResource: String, Sendable, CaseIterable {
    /// MiB of image data: size × live locations of each image, and what running uploads have claimed.
    case imageSizeTotal = "image_size_total"
    /// MiB of data in the staging area.
    case imageStageTotal = "image_stage_total"
    /// Images, with or without data.
    case imageCountTotal = "image_count_total"
    /// Images whose data are being uploaded, staged, imported or copied.
    case imageCountUploading = "image_count_uploading"

    /// What one unit of a limit stands for: bytes of a MiB, or one image. Usage is counted to the byte.
    public var unit: Int64 {
        switch self {
        case .imageSizeTotal, .imageStageTotal: 1 << 20
        case .imageCountTotal, .imageCountUploading: 1
        }
    }
}
