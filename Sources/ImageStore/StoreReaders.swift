/// Who may read an image's data where a store gives them to others directly.
public enum StoreReaders: Sendable, Equatable {
    /// Everybody who can log in.
    case everybody
    /// These projects besides the owner.
    case projects([String])
}
