/// What a change is going to add to a project's usage. It is checked and made in one transaction, during which nobody
/// else's change of the same project (or, in a two-level model, of its domain) is checked.
public struct LimitClaim: Sendable, Equatable {
    public var projectID: String
    /// Bytes or images by resource.
    public var amounts: [LimitedResource: Int64]

    public init(projectID: String, amounts: [LimitedResource: Int64]) {
        self.projectID = projectID
        self.amounts = amounts
    }
}

/// What a beginning upload claims for the project that owns the image.
public struct UploadClaim: Sendable, Equatable {
    public enum Size: Sendable, Equatable {
        /// All bytes to come, or the upload doesn't begin.
        case known(Int64)
        /// So many bytes for a start, or what is left. See ``LimitsFacet/extendClaim(of:projectID:by:need:mayPass:)``.
        case unknown(step: Int64)
    }

    public var projectID: String
    public var size: Size

    public init(projectID: String, size: Size) {
        self.projectID = projectID
        self.size = size
    }
}

/// What a running upload of unknown size may have.
public struct ClaimedBytes: Sendable, Equatable {
    public var bytes: Int64
    /// The project (or its domain) has more than its limit, with this claim.
    public var isPastLimit: Bool

    public init(bytes: Int64, isPastLimit: Bool) {
        self.bytes = bytes
        self.isPastLimit = isPastLimit
    }
}

/// A project's own limit of a resource, and what it uses.
public struct LimitUsage: Sendable, Equatable {
    public var resource: LimitedResource
    /// In units of the resource; negative is none.
    public var limit: Int64
    /// Bytes or images.
    public var used: Int64

    /// In units of the resource, rounded down as Glance does.
    public var usedUnits: Int64 { used / resource.unit }
}
