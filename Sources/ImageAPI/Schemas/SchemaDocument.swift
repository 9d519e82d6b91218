import JSON

/// Builds the JSON schemas that `GET /v2/schemas/…` serves (Images API v2, "Image Schemas").
enum SchemaDocument {
    typealias Members = [String: JSONValue]

    /// A UUID in any case.
    static let uuidPattern: JSONValue =
        "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$"

    /// One property of a schema.
    static func property(
        _ type: JSONValue, _ description: String? = nil, readOnly: Bool = false, _ more: Members = [:]
    ) -> JSONValue {
        var members = more
        members["type"] = type
        if let description { members["description"] = .string(description) }
        if readOnly { members["readOnly"] = true }
        return .object(members)
    }

    /// A text or null.
    static let nullableString: JSONValue = ["null", "string"]

    /// The schema of one resource.
    ///
    /// - Parameters:
    ///   - additional: what `additionalProperties` says; nil leaves it out.
    static func item(
        _ name: String, _ properties: Members, additional: JSONValue? = false, required: [String] = [],
        links: JSONValue? = nil, definitions: Members = [:]
    ) -> Members {
        var members: Members = ["name": .string(name), "properties": .object(properties)]
        if let additional { members["additionalProperties"] = additional }
        if !required.isEmpty { members["required"] = .array(required.map { .string($0) }) }
        if let links { members["links"] = links }
        if !definitions.isEmpty { members["definitions"] = .object(definitions) }
        return members
    }

    /// The schema of a list of resources. Definitions move from the item to the top, where its `$ref`s look for them.
    ///
    /// - Parameter paged: whether the list comes in pages, with links to the first and the next one.
    static func collection(_ name: String, of item: Members, paged: Bool = true) -> Members {
        var item = item
        let definitions = item.removeValue(forKey: "definitions")
        return list(name, paged: paged, definitions, ["type": "array", "items": .object(item)])
    }

    /// The schema of resources that are listed as members of an object, by their names.
    static func dictionary(_ name: String, of item: Members) -> Members {
        var item = item
        let definitions = item.removeValue(forKey: "definitions")
        return list(name, paged: true, definitions, ["type": "object", "additionalProperties": .object(item)])
    }

    private static func list(
        _ name: String, paged: Bool, _ definitions: JSONValue?, _ items: Members
    ) -> Members {
        let text: JSONValue = ["type": "string"]
        var properties: Members = [name: .object(items), "schema": text]
        var links = [link("describedby", "{schema}")]
        if paged {
            properties["first"] = text
            properties["next"] = text
            links = [link("first", "{first}"), link("next", "{next}")] + links
        }
        var members: Members = ["name": .string(name), "properties": .object(properties), "links": .array(links)]
        members["definitions"] = definitions
        return members
    }

    /// A link of a schema (JSON Hyper-Schema).
    static func link(_ relation: String, _ target: String) -> JSONValue {
        ["rel": .string(relation), "href": .string(target)]
    }
}
