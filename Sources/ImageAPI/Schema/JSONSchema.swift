import JSON

/// A JSON Schema (draft 4) compiled from its document, with the keywords that Glance's schemas use: `type`, `enum`,
/// `minLength`, `maxLength`, `pattern`, `minimum`, `maximum`, `properties`, `additionalProperties`, `required`, `items`,
/// `minItems`, `maxItems`, `uniqueItems`, `allOf`, `anyOf`, and `$ref` to `#/definitions/…`. Other keywords describe and do not
/// check (`description`, `readOnly`, …).
///
/// The same document answers `GET /v2/schemas/…` and checks bodies, so that both cannot differ.
struct JSONSchema: Sendable {
    /// Names of JSON types, as in the document.
    private var types: [String]?
    private var allowed: [JSONValue]?
    /// Characters are Unicode scalars, as in Python.
    private var minimumLength: Int?
    private var maximumLength: Int?
    private var pattern: SchemaPattern?
    private var minimum: Double?
    private var maximum: Double?
    private var properties: [String: JSONSchema] = [:]
    private var additional = Additional.allowed
    private var required: [String] = []
    /// At most one: a struct cannot hold itself, an array of it can.
    private var items: [JSONSchema] = []
    private var minimumItems: Int?
    private var maximumItems: Int?
    private var hasUniqueItems = false
    private var all: [JSONSchema] = []
    private var any: [JSONSchema] = []

    private enum Additional: Sendable {
        case allowed
        case refused
        indirect case schema(JSONSchema)
    }

    /// Why a document is not a schema that can be checked.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    /// - Throws: ``Problem`` with the place in the document.
    init(_ document: JSONValue) throws(Problem) {
        let definitions = document.objectValue?["definitions"]?.objectValue ?? [:]
        try self.init(document, definitions, place: "#", depth: 0)
    }

    private init(
        _ document: JSONValue, _ definitions: [String: JSONValue], place: String, depth: Int
    ) throws(Problem) {
        guard depth < 32 else { throw Problem(description: "\(place): the schema refers to itself") }
        guard let members = document.objectValue else { throw Problem(description: "\(place): expected an object") }
        func compile(_ document: JSONValue, _ name: String) throws(Problem) -> JSONSchema {
            try JSONSchema(document, definitions, place: "\(place)/\(name)", depth: depth + 1)
        }
        if let reference = members["$ref"]?.stringValue {
            let prefix = "#/definitions/"
            guard reference.hasPrefix(prefix), let target = definitions[String(reference.dropFirst(prefix.count))]
            else {
                throw Problem(description: "\(place): '\(reference)' is not one of the definitions")
            }
            self = try compile(target, "$ref")
            return
        }
        let reader = SchemaKeywords(members: members, place: place)
        types = try reader.types()
        allowed = try reader.array("enum")
        minimumLength = try reader.count("minLength")
        maximumLength = try reader.count("maxLength")
        pattern = try reader.string("pattern").map { text throws(Problem) in try SchemaPattern(text, place: place) }
        minimum = try reader.number("minimum")
        maximum = try reader.number("maximum")
        required = try reader.strings("required")
        minimumItems = try reader.count("minItems")
        maximumItems = try reader.count("maxItems")
        hasUniqueItems = members["uniqueItems"]?.boolValue ?? false
        for (name, property) in try reader.object("properties") {
            properties[name] = try compile(property, "properties/\(name)")
        }
        switch members["additionalProperties"] {
        case nil, .bool(true): additional = .allowed
        case .bool(false): additional = .refused
        case let schema?: additional = .schema(try compile(schema, "additionalProperties"))
        }
        if let item = members["items"] { items = [try compile(item, "items")] }
        for schema in try reader.array("allOf") ?? [] { all.append(try compile(schema, "allOf")) }
        for schema in try reader.array("anyOf") ?? [] { any.append(try compile(schema, "anyOf")) }
    }

    // MARK: Checking

    /// What is wrong with a value, naming the attribute and what is allowed; nil when nothing is. Members are looked at in the
    /// order of their names, so that the answer is always the same.
    func problem(with value: JSONValue) -> String? {
        problem(with: value, at: "")
    }

    private func problem(with value: JSONValue, at place: String) -> String? {
        if let types, !types.contains(where: { value.isOfType($0) }) {
            return Self.message(place, "\(value.excerpt) is not of type \(types.joined(separator: " or "))")
        }
        if let allowed, !allowed.contains(value) {
            let list = allowed.map(\.excerpt).joined(separator: ", ")
            return Self.message(place, "\(value.excerpt) is not one of \(list)")
        }
        for schema in all {
            if let problem = schema.problem(with: value, at: place) { return problem }
        }
        if let last = any.last, !any.contains(where: { $0.problem(with: value, at: place) == nil }) {
            return last.problem(with: value, at: place)
        }
        switch value {
        case .string(let text): return problem(withText: text, at: place)
        case .integer(let integer): return problem(withNumber: Double(integer), value, at: place)
        case .number(let number): return problem(withNumber: number, value, at: place)
        case .array(let elements): return problem(withElements: elements, at: place)
        case .object(let members): return problem(withMembers: members, at: place)
        case .null, .bool: return nil
        }
    }

    private func problem(withText text: String, at place: String) -> String? {
        if minimumLength != nil || maximumLength != nil {
            let length = text.unicodeScalars.count
            if let maximumLength, length > maximumLength {
                return Self.message(place, "the text is longer than \(maximumLength) characters (it has \(length))")
            }
            if let minimumLength, length < minimumLength {
                return Self.message(place, "the text is shorter than \(minimumLength) characters")
            }
        }
        if let pattern, !pattern.matches(text) {
            return Self.message(place, "\(JSONValue.string(text).excerpt) does not match '\(pattern.text)'")
        }
        return nil
    }

    private func problem(withNumber number: Double, _ value: JSONValue, at place: String) -> String? {
        if let minimum, number < minimum {
            return Self.message(place, "\(value.excerpt) is less than the minimum of \(Self.number(minimum))")
        }
        if let maximum, number > maximum {
            return Self.message(place, "\(value.excerpt) is greater than the maximum of \(Self.number(maximum))")
        }
        return nil
    }

    private func problem(withElements elements: [JSONValue], at place: String) -> String? {
        if let minimumItems, elements.count < minimumItems {
            return Self.message(place, "the list has fewer than \(minimumItems) items")
        }
        if let maximumItems, elements.count > maximumItems {
            return Self.message(place, "the list has more than \(maximumItems) items")
        }
        if hasUniqueItems && Set(elements).count < elements.count {
            return Self.message(place, "the list has an item twice")
        }
        guard let schema = items.first else { return nil }
        for (index, element) in elements.enumerated() {
            if let problem = schema.problem(with: element, at: Self.join(place, String(index))) { return problem }
        }
        return nil
    }

    private func problem(withMembers members: [String: JSONValue], at place: String) -> String? {
        for name in required where members[name] == nil {
            return Self.message(place, "'\(name)' is required")
        }
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
            let schema: JSONSchema
            switch (properties[name], additional) {
            case (let property?, _): schema = property
            case (nil, .allowed): continue
            case (nil, .schema(let other)): schema = other
            case (nil, .refused):
                let known = properties.keys.sorted().joined(separator: ", ")
                return Self.message(place, "\(JSONValue.string(name).excerpt) is not an attribute (there are \(known))")
            }
            if let problem = schema.problem(with: member, at: Self.join(place, name)) { return problem }
        }
        return nil
    }

    private static func message(_ place: String, _ text: String) -> String {
        place.isEmpty ? text : "\(place): \(text)"
    }

    private static func join(_ place: String, _ name: String) -> String {
        place.isEmpty ? name : "\(place)/\(name)"
    }

    private static func number(_ number: Double) -> String {
        Int64(exactly: number).map(String.init) ?? number.description
    }
}

extension JSONValue {
    /// Whether this value has a type of JSON Schema. Integers are numbers, booleans are not. A number without a fraction is
    /// an integer however it is written.
    fileprivate func isOfType(_ name: String) -> Bool {
        switch (self, name) {
        case (.null, "null"), (.bool, "boolean"), (.integer, "integer"), (.integer, "number"), (.number, "number"),
            (.string, "string"), (.array, "array"), (.object, "object"):
            true
        case (.number(let number), "integer"): number == number.rounded()
        default: false
        }
    }

    /// The value as JSON, cut to what fits into a message.
    fileprivate var excerpt: String {
        let text = JSONWriter.text(of: self)
        return text.utf8.count <= 100 ? text : "\(text.prefix(97))..."
    }
}
