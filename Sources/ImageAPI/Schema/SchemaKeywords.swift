import JSON

/// Reads the keywords of one schema with the types that draft 4 gives them.
struct SchemaKeywords {
    let members: [String: JSONValue]
    /// Where the schema stands in its document.
    let place: String

    private static let knownTypes: Set<String> = ["null", "boolean", "integer", "number", "string", "array", "object"]

    private func failure(_ name: String, _ expected: String) -> JSONSchema.Problem {
        JSONSchema.Problem(description: "\(place)/\(name): expected \(expected)")
    }

    /// `type`: one name or a list.
    func types() throws(JSONSchema.Problem) -> [String]? {
        guard let value = members["type"] else { return nil }
        let names = value.stringValue.map { [$0] } ?? value.arrayValue?.compactMap(\.stringValue) ?? []
        guard !names.isEmpty, names.allSatisfy(Self.knownTypes.contains) else {
            throw failure("type", "names of JSON types")
        }
        return names
    }

    func array(_ name: String) throws(JSONSchema.Problem) -> [JSONValue]? {
        guard let value = members[name] else { return nil }
        guard let elements = value.arrayValue else { throw failure(name, "an array") }
        return elements
    }

    func object(_ name: String) throws(JSONSchema.Problem) -> [String: JSONValue] {
        guard let value = members[name] else { return [:] }
        guard let members = value.objectValue else { throw failure(name, "an object") }
        return members
    }

    func strings(_ name: String) throws(JSONSchema.Problem) -> [String] {
        // Draft 3 marked a property itself with a boolean; Glance's old schema files still may.
        if members[name]?.boolValue != nil { return [] }
        guard let elements = try array(name) else { return [] }
        let strings = elements.compactMap(\.stringValue)
        guard strings.count == elements.count else { throw failure(name, "an array of strings") }
        return strings
    }

    func string(_ name: String) throws(JSONSchema.Problem) -> String? {
        guard let value = members[name] else { return nil }
        guard let text = value.stringValue else { throw failure(name, "a string") }
        return text
    }

    func count(_ name: String) throws(JSONSchema.Problem) -> Int? {
        guard let value = members[name] else { return nil }
        guard let count = value.integerValue.flatMap({ Int(exactly: $0) }), count >= 0 else {
            throw failure(name, "a count")
        }
        return count
    }

    func number(_ name: String) throws(JSONSchema.Problem) -> Double? {
        switch members[name] {
        case nil: nil
        case .integer(let integer): Double(integer)
        case .number(let number): number
        case _?: throw failure(name, "a number")
        }
    }
}
