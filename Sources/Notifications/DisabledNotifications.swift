/// The types of notifications that `disabled_notifications` silences.
public struct DisabledNotifications: Sendable, Equatable {
    private let entries: Set<String>

    public init(_ entries: [String]) { self.entries = Set(entries) }

    /// Whether a type is silenced: by its whole name, or by the part before its first dot. So `image` silences members too, and
    /// `image.member` nothing, as in Glance.
    public func contains(_ type: String) -> Bool {
        entries.contains(type) || entries.contains(String(type.prefix { $0 != "." }))
    }
}
