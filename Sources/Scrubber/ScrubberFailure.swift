import ImageDatabase
import ImageStore

/// A start that can never succeed until an operator does something. The description is one line for them.
public enum ScrubberFailure: Error, CustomStringConvertible {
    case database(String)
    case store(String)

    init(_ error: DatabaseError) { self = .database(error.adviceAtStart) }

    public var description: String {
        switch self {
        case .database(let text), .store(let text): text
        }
    }
}
