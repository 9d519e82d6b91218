/// Something in the sources of a configuration that is not wrong enough to end the start.
public struct ConfigurationFinding: Sendable, Equatable {
    public enum Kind: Sendable, CaseIterable {
        /// No release has such an option or section.
        case unknown
        /// Zed had it; Glance or a library has dropped it since.
        case removed
        /// A name of old, or an option that new installations should not use.
        case deprecated
        /// Glance acts on it, this release does not yet.
        case notHonoured
        /// Nothing here is left for it to act on.
        case withoutMeaning
    }

    public var kind: Kind
    /// One line for the operator, beginning with the place: `file:line`, an environment variable or the command line.
    public var text: String
}
