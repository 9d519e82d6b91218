import JSON

/// Texts that the database must not get. Glance refuses characters beyond the basic plane wherever a text goes to the database, on every database, because MySQL's
/// three-byte `utf8` could not hold them. A database that both releases share has to keep that promise. PostgreSQL cannot hold
/// zero characters.
enum FourByteText {
    /// - Throws: ``APIError`` 400.
    static func refuse(in text: String) throws(APIError) {
        // Lead bytes of four-byte sequences are F0…F4; no other byte of UTF-8 is that large.
        guard let byte = text.utf8.first(where: { $0 >= 0xF0 || $0 == 0 }) else { return }
        if byte == 0 { throw .badRequest("Texts must not contain zero characters.") }
        throw .badRequest("Characters outside the Unicode basic plane (4-byte UTF-8) are not supported.")
    }

    /// Looks at every name and text of a document.
    ///
    /// - Throws: ``APIError`` 400.
    static func refuse(in value: JSONValue) throws(APIError) {
        switch value {
        case .string(let text): try refuse(in: text)
        case .array(let elements):
            for element in elements { try refuse(in: element) }
        case .object(let members):
            for (name, member) in members {
                try refuse(in: name)
                try refuse(in: member)
            }
        case .null, .bool, .integer, .number: break
        }
    }
}
