/// What setting an option does in this release. Flipping it is one word in the option's declaration.
public enum OptionStatus: Sendable, Equatable {
    /// The option does what its help text says.
    case honoured
    /// Glance acts on it, this release does not yet. Setting it gives a warning.
    case notYet
    /// It stays accepted, but nothing here is left for it to act on. Setting it gives a warning with this reason.
    case noMeaning(String)
}
