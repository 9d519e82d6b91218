/// Why an image is not accepted. The description is for its owner.
public enum InspectionRefusal: Error, Sendable, Equatable, CustomStringConvertible {
    /// The data have the marks of several formats.
    case ambiguous([DiskFormat])
    /// The data are not what the image is said to be.
    case mismatch(declared: String, found: DiskFormat)
    /// The data end before everything could be looked at.
    case incomplete(DiskFormat)
    case unsafe(DiskFormat, [SafetyFailure])

    /// Whether it is refused whatever the operator requires of formats.
    var isUnsafe: Bool { if case .unsafe = self { true } else { false } }

    public var description: String {
        switch self {
        case .ambiguous(let formats):
            "The data have the marks of several formats: \(formats.map(\.rawValue).joined(separator: ", "))."
        case .mismatch(let declared, let found):
            "The image's disk_format is \(declared), but the data are \(found.rawValue)."
        case .incomplete(let format):
            "The data are the beginning of a \(format.rawValue) image, and end too early."
        case .unsafe(let format, let failures):
            "Image failed safety checks (\(format.rawValue)): "
                + failures.map(\.description).joined(separator: " ")
        }
    }
}
