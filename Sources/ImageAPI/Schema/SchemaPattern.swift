import TextCoding

/// A regular expression of a schema.
struct SchemaPattern: Sendable {
    /// As written in the document.
    let text: String
    private let isUUID: Bool

    /// How Glance writes "a UUID", the only pattern of its image schema.
    private static let uuid = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"

    init(_ text: String, place: String) throws(JSONSchema.Problem) {
        self.text = text
        isUUID = text == Self.uuid
        guard isUUID || (try? Regex(text)) != nil else {
            throw JSONSchema.Problem(description: "\(place)/pattern: '\(text)' is not a regular expression")
        }
    }

    /// Whether the expression is found in a text.
    func matches(_ candidate: String) -> Bool {
        if isUUID { return UUIDText.isValid(candidate) }
        // A Regex cannot be shared between tasks, so it is compiled anew. Only schema files of an operator get here.
        guard let expression = try? Regex(text) else { return false }
        return candidate.firstMatch(of: expression) != nil
    }
}
