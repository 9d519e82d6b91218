/// Who can see an image (Images API v2, "Image visibility").
public enum Visibility: String, Sendable, CaseIterable {
    /// Everybody, and it is in everybody's list.
    case `public`
    /// The owner only; cannot have members.
    case `private`
    /// The owner and the members.
    case shared
    /// Everybody by id; in lists only on request.
    case community
}
