/// What a child process of `glance-api` does. A new kind of child is one case here, one line in
/// `SupervisorSettings.init(_:)` that says when it is wanted, and one entry in `glance-api`.
public enum ProcessRole: String, Sendable, Equatable, CaseIterable {
    /// Serves requests. There are as many as `[DEFAULT] workers` says; of every other role there is one.
    case worker
    /// Removes the data of deleted images.
    case scrubber
    /// Mirrors Keystone's limits.
    case limits
    /// Does imports.
    case importer
    /// Looks after the image cache.
    case cache

    /// Whether it gets the listening socket.
    public var acceptsConnections: Bool { self == .worker }

    /// The process's name for ps(1) and top(1) where they show no title.
    public var processName: String { "glance-\(rawValue)" }
}
