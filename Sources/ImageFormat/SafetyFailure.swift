/// A check that an image has not passed.
public struct SafetyFailure: Sendable, Equatable, CustomStringConvertible {
    /// Checks by the names that Glance has for them, which `gpt_safety_checks_nonfatal` uses; the others are our own.
    public enum Check: String, Sendable, CaseIterable {
        case backingFile = "backing_file"
        case dataFile = "data_file"
        case unknownFeatures = "unknown_features"
        /// The format as such is not allowed.
        case banned
        /// The description within a VMDK.
        case descriptor
        case footer
        /// The partition table.
        case mbr
        case version
        /// What a header says cannot be.
        case header
    }

    public let check: Check
    /// A sentence for the owner of the image. Nothing of the image's bytes stands in it.
    public let reason: String

    init(_ check: Check, _ reason: String) {
        self.check = check
        self.reason = reason
    }

    public var description: String { "\(check.rawValue): \(reason)" }
}
