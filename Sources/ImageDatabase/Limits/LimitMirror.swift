public import TextCoding

/// The limits of all projects as Keystone has them, in units of ``LimitedResource``; negative is no limit.
public struct LimitMirror: Sendable, Equatable {
    /// Keystone's enforcement model: `flat` or `strict_two_level`.
    public var model: String
    /// Registered limits: what counts for every project that has no limit of its own.
    public var defaults: [LimitedResource: Int64]
    /// Limits of projects and domains.
    public var own: [Scope: Int64]
    /// The domain of each project whose usage counts in its domain too: all of them in `strict_two_level`, none in `flat`.
    public var roots: [String: String]

    /// A limit's place: a project or domain, and a resource.
    public struct Scope: Sendable, Hashable {
        public var id: String
        public var resource: LimitedResource

        public init(id: String, resource: LimitedResource) {
            self.id = id
            self.resource = resource
        }
    }

    public init(
        model: String, defaults: [LimitedResource: Int64] = [:], own: [Scope: Int64] = [:],
        roots: [String: String] = [:]
    ) {
        self.model = model
        self.defaults = defaults
        self.own = own
        self.roots = roots
    }
}

/// The mirror as it stands in the database.
public struct StoredLimitMirror: Sendable, Equatable {
    public var mirror: LimitMirror
    /// Counts the changes of its content.
    public var generation: Int64
    /// When it was last known to be what Keystone says.
    public var refreshedAt: Timestamp
}
