/// What the operator wants of images (`[image_format]`), and what follows from it for one.
///
/// The rules are those of Glance 33: what is looked at, what is refused, and what an option lets pass.
public struct InspectionRules: Sendable {
    /// `require_image_format_match`: data that are not what they are said to be are refused.
    private let requiresMatch: Bool
    /// `vmdk_allowed_types`, in lower case.
    private let vmdkTypes: Set<String>
    /// `gpt_safety_checks_nonfatal`: checks of partition tables that are only reported.
    private let tolerated: Set<String>

    public init(requiresMatch: Bool, vmdkTypes: [String], toleratedChecks: [String]) {
        self.requiresMatch = requiresMatch
        self.vmdkTypes = Set(vmdkTypes.map { $0.lowercased() })
        tolerated = Set(toleratedChecks)
    }

    /// What comes out for an image that is accepted.
    public struct Acceptance: Sendable, Equatable {
        /// Bytes of the disk; nil if that is not known.
        public var virtualSize: Int64?
        /// What was found and tolerated, for the log.
        public var warning: String?
    }

    /// What has no inspector passes, unless it is something that has one. What is said to be raw may be anything that is safe.
    ///
    /// - Parameter declared: the image's `disk_format`.
    public func judge(_ content: ImageContent, declared: String) throws(InspectionRefusal) -> Acceptance {
        do throws(InspectionRefusal) {
            let found = try format(of: content)
            // A disc as well as a disk: whoever reads it as a disk would not know which.
            if declared == DiskFormat.raw.rawValue, content.findings.count > 1 {
                throw .ambiguous(content.findings.map(\.format))
            }
            let virtualSize = try virtualSize(of: content, found, declared)
            let warning = try checkSafety(of: found, declared)
            return Acceptance(virtualSize: virtualSize == 0 ? nil : virtualSize, warning: warning)
        } catch {
            guard !requiresMatch, !error.isUnsafe else { throw error }
            return Acceptance(virtualSize: nil, warning: error.description)
        }
    }

    /// The format that the data have, where they are safe; for tools, which must not guess.
    public func safeFormat(of content: ImageContent) throws(InspectionRefusal) -> DiskFormat {
        let found = try format(of: content)
        _ = try checkSafety(of: found, "")
        return found?.format ?? .raw
    }

    /// Nil is raw.
    private func format(of content: ImageContent) throws(InspectionRefusal) -> FormatFinding? {
        let findings = content.findings
        guard findings.count > 1 else { return findings.first }
        // A disc that is to be started as a disk, too, has a partition table before it.
        if findings.map(\.format) == [.gpt, .iso] { return findings[1] }
        throw .ambiguous(findings.map(\.format))
    }

    private func virtualSize(
        of content: ImageContent, _ found: FormatFinding?, _ declared: String
    ) throws(InspectionRefusal) -> Int64? {
        if declared == DiskFormat.raw.rawValue { return content.size }
        guard let found else {
            guard DiskFormat(rawValue: declared) == nil else { throw .mismatch(declared: declared, found: .raw) }
            return nil
        }
        if found.format.rawValue == declared { return found.virtualSize }
        if found.format == .gpt, Self.kernels.contains(declared) { return nil }
        throw .mismatch(declared: declared, found: found.format)
    }

    /// - Returns: what is tolerated.
    private func checkSafety(of found: FormatFinding?, _ declared: String) throws(InspectionRefusal) -> String? {
        guard let found else { return nil }
        guard found.isComplete else { throw .incomplete(found.format) }
        var failures = found.failures
        if let type = found.subformat, failures.isEmpty, !vmdkTypes.contains(type) {
            failures.append(SafetyFailure(.descriptor, "Its createType is not one of vmdk_allowed_types."))
        }
        if failures.isEmpty { return nil }
        let isTolerated =
            found.format == .gpt
            && failures.allSatisfy { failure in
                tolerated.contains(failure.check.rawValue) || failure.check == .mbr && Self.kernels.contains(declared)
            }
        let refusal = InspectionRefusal.unsafe(found.format, failures)
        guard isTolerated else { throw refusal }
        return refusal.description
    }

    /// Formats of kernels and their memory disks, which may have what looks like a partition table and is none.
    private static let kernels: Set<String> = ["aki", "ari"]
}
