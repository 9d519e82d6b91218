/// Why the mount helper does not do what it is asked for: a line of text, `error KIND TEXT`.
package struct MountRefusal: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Kind: String, Sendable {
        /// The one who asks is not the service's user.
        case user
        /// The request cannot be understood.
        case request
        /// The list of exports cannot be used.
        case list
        /// The export is not on the list.
        case export
        /// An option that nobody but the list may give.
        case options
        /// There is no program that mounts.
        case program
        /// It was tried, and did not work.
        case failed
    }

    package let kind: Kind
    /// For the operator.
    package let text: String

    init(_ kind: Kind, _ text: String) {
        self.kind = kind
        self.text = text
    }

    package var description: String { text }
}
