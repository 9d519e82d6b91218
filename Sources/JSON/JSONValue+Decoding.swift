extension JSONValue {
    /// Makes a value of a `Decodable` type from this document. Members that the type does not name do not matter.
    ///
    /// - Throws: `DecodingError`, which holds names of members and types, none of the document's values.
    public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try Value(from: JSONValueDecoder(value: self, codingPath: []))
    }

    /// The member of that name; nil when there is none, and for what is no object.
    public subscript(name: String) -> JSONValue? {
        if case .object(let members) = self { members[name] } else { nil }
    }
}

extension JSONValue: Decodable {
    /// Only from JSON read by this module, where the document is passed on as it is.
    public init(from decoder: any Decoder) throws {
        guard let decoder = decoder as? JSONValueDecoder else {
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not JSON"))
        }
        self = decoder.value
    }
}
