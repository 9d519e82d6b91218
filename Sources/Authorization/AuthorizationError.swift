/// Why a caller does not get what it asks for. The description is for the caller.
public enum AuthorizationError: Error, Equatable, CustomStringConvertible {
    /// There is no such image, or the caller may not know that there is.
    case imageNotFound(id: String)
    /// Anonymous callers change nothing.
    case readOnly
    /// A policy says no.
    case refused(PolicyRule)
    /// Whatever the policies say, images of others are changed by administrators only.
    case notOwner
    /// Images for other projects are created by administrators only.
    case foreignOwner(String?)
    /// What the old policy defaults leave to the code: the caller may not do this to the members of an image.
    case membersOfOthers(action: String)

    /// Whether the caller learns no more than that nothing is there.
    public var isNotFound: Bool {
        if case .imageNotFound = self { true } else { false }
    }

    public var description: String {
        switch self {
        case .imageNotFound(let id): "No image found with ID \(id)"
        case .readOnly: "Anonymous callers can only read."
        case .refused(let rule): "You are not authorized to complete \(rule.rawValue) action."
        case .notOwner: "You do not own this image"
        case .foreignOwner(let owner): "You are not permitted to create images owned by '\(owner ?? "nobody")'."
        case .membersOfOthers(let action): "You are not permitted to \(action) of this image."
        }
    }
}
