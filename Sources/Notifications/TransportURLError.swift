/// Why a `transport_url` cannot be used.
public enum TransportURLError: Error, Sendable, Equatable, CustomStringConvertible {
    case noScheme
    case port
    case bracket
    case notUTF8

    public var description: String {
        switch self {
        case .noScheme: "it has no scheme; it begins with rabbit://"
        case .port: "a port in it is no number from 1 to 65535"
        case .bracket: "an address in brackets in it is not closed, or something other than a port follows it"
        case .notUTF8: "something percent-encoded in it is not UTF-8"
        }
    }
}
