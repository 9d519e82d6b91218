/// The form of an error body, chosen by `Accept` the way WebOb chooses among `text/html` and `application/json`.
enum ErrorFormat: Sendable, Equatable {
    case html
    case json
    /// Where the client takes neither of the others, or sent no `Accept`.
    case plain

    /// - Parameter accept: value of the header; nil when there is none.
    init(accept: String?) {
        guard let accept else {
            self = .plain
            return
        }
        switch accept {
        // What curl, browsers and the OpenStack clients send, without any parsing.
        case "*/*": self = .html
        case "application/json": self = .json
        default: self = Self.negotiate(accept)
        }
    }

    private static func negotiate(_ text: String) -> ErrorFormat {
        // A header that does not parse counts as none of our business: anything is acceptable (WebOb's AcceptInvalid).
        guard let accept = AcceptHeader(text) else { return .html }
        let html = accept.rank("text/html").quality
        let json = accept.rank("application/json").quality
        if html == 0 && json == 0 { return .plain }
        return json > html ? .json : .html
    }
}
