/// One format that the data have by their marks.
public struct FormatFinding: Sendable, Equatable {
    public let format: DiskFormat
    /// The kind of a VMDK, its createType, in lower case.
    public let subformat: String?
    /// Whether everything was there that has to be looked at; else the data end too early.
    public let isComplete: Bool
    /// Bytes of the disk that the data describe; nil where they do not say, and never negative.
    public let virtualSize: Int64?
    /// What makes it unsafe.
    public let failures: [SafetyFailure]

    /// The data end before everything could be looked at.
    static func incomplete(_ format: DiskFormat) -> FormatFinding {
        FormatFinding(format: format, subformat: nil, isComplete: false, virtualSize: nil, failures: [])
    }

    /// - Parameter virtualSize: as the header has it. More than a disk can have is a failure.
    static func complete(
        _ format: DiskFormat, subformat: String? = nil, virtualSize: UInt64? = nil, _ failures: [SafetyFailure] = []
    ) -> FormatFinding {
        let size = virtualSize.flatMap { Int64(exactly: $0) }
        let impossible = SafetyFailure(.header, "The size of the disk is impossible.")
        return FormatFinding(
            format: format, subformat: subformat, isComplete: true, virtualSize: size,
            failures: virtualSize != nil && size == nil ? failures + [impossible] : failures)
    }
}
