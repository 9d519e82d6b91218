import ImageDatabase
import JSON

/// Reads the bodies of requests on metadata definitions, which must satisfy the schemas that the API shows.
struct MetadefBodies: Sendable {
    private let namespace: JSONSchema
    private let object: JSONSchema
    private let property: JSONSchema
    private let tag: JSONSchema
    private let association: JSONSchema

    /// - Throws: ``JSONSchema/Problem``, never: the schemas are our own.
    init() throws(JSONSchema.Problem) {
        namespace = try JSONSchema(.object(MetadefSchemas.namespace))
        object = try JSONSchema(.object(MetadefSchemas.object))
        property = try JSONSchema(.object(MetadefSchemas.property))
        tag = try JSONSchema(.object(MetadefSchemas.tag))
        association = try JSONSchema(.object(MetadefSchemas.resourceType))
    }

    /// - Parameter owner: of a namespace whose body names none.
    func namespace(
        _ body: JSONValue, owner: String
    ) throws(APIError) -> (namespace: MetadefNamespace, contents: MetadefContents) {
        let members = try members(
            of: body, namespace, "namespace", readOnly: ["self", "schema", "created_at", "updated_at"])
        let made = MetadefNamespace(
            name: members["namespace"]?.stringValue ?? "", displayName: members["display_name"]?.stringValue,
            description: members["description"]?.stringValue,
            visibility: members["visibility"]?.stringValue ?? "private",
            isProtected: members["protected"]?.boolValue ?? false, owner: members["owner"]?.stringValue ?? owner)
        var contents = MetadefContents()
        for value in members["objects"]?.arrayValue ?? [] { contents.objects.append(try object(value, isNested: true)) }
        for (name, value) in (members["properties"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            contents.properties.append(MetadefEntry(name: name, schema: try property(name, value)))
        }
        for value in members["tags"]?.arrayValue ?? [] { contents.tags.append(try tag(value, isNested: true)) }
        for value in members["resource_type_associations"]?.arrayValue ?? [] {
            contents.associations.append(try association(value, isNested: true))
        }
        return (made, contents)
    }

    /// - Parameter isNested: it is part of a namespace, which may be a copy of one that was shown, with what only the service
    ///   writes.
    func object(_ body: JSONValue, isNested: Bool = false) throws(APIError) -> MetadefEntry {
        let members = try members(
            of: body, object, "name", readOnly: isNested ? [] : ["self", "schema", "created_at", "updated_at"])
        var properties: [String: JSONValue] = [:]
        for (name, value) in members["properties"]?.objectValue ?? [:] { properties[name] = try property(name, value) }
        return MetadefEntry(
            name: members["name"]?.stringValue ?? "", schema: .object(properties),
            description: members["description"]?.stringValue,
            required: members["required"]?.arrayValue?.compactMap(\.stringValue))
    }

    func property(_ body: JSONValue) throws(APIError) -> MetadefEntry {
        let members = try members(of: body, property, "name", readOnly: ["created_at", "updated_at"])
        return MetadefEntry(name: members["name"]?.stringValue ?? "", schema: MetadefDocument.property(body))
    }

    /// A property inside a namespace or an object. It has to be what it would have to be by itself, although the schemas of
    /// those say less: other members could not be shown by every release.
    private func property(_ name: String, _ value: JSONValue) throws(APIError) -> JSONValue {
        var members = value.objectValue ?? [:]
        members["name"] = .string(name)
        if let problem = property.problem(with: .object(members)) {
            throw .badRequest("The property '\(name)' does not have the form that its schema asks for: \(problem)")
        }
        return MetadefDocument.property(value)
    }

    func tag(_ body: JSONValue, isNested: Bool = false) throws(APIError) -> MetadefEntry {
        let members = try members(of: body, tag, "name", readOnly: isNested ? [] : ["created_at", "updated_at"])
        return MetadefEntry(name: members["name"]?.stringValue ?? "")
    }

    func association(_ body: JSONValue, isNested: Bool = false) throws(APIError) -> MetadefAssociation {
        let members = try members(
            of: body, association, "name", readOnly: isNested ? [] : ["created_at", "updated_at"])
        return MetadefAssociation(
            name: members["name"]?.stringValue ?? "", prefix: members["prefix"]?.stringValue,
            propertiesTarget: members["properties_target"]?.stringValue)
    }

    /// - Throws: ``APIError``: 403 for what only the service writes, 400 for what the schema does not allow.
    private func members(
        of body: JSONValue, _ schema: JSONSchema, _ name: String, readOnly: [String]
    ) throws(APIError) -> [String: JSONValue] {
        guard let members = body.objectValue else { throw .badRequest("A JSON object is expected.") }
        for attribute in readOnly where members[attribute] != nil {
            throw APIError(.forbidden, "Attribute '\(attribute)' is read-only.")
        }
        if let problem = schema.problem(with: body) {
            throw .badRequest("The definition does not have the form that its schema asks for: \(problem)")
        }
        guard members[name]?.stringValue?.isEmpty == false else { throw .badRequest("'\(name)' must not be empty.") }
        try Self.refuseFourByteText(in: body)
        return members
    }

    private static func refuseFourByteText(in value: JSONValue) throws(APIError) {
        switch value {
        case .string(let text): try FourByteText.refuse(in: text)
        case .array(let values): for value in values { try refuseFourByteText(in: value) }
        case .object(let members):
            for (name, value) in members {
                try FourByteText.refuse(in: name)
                try refuseFourByteText(in: value)
            }
        default: break
        }
    }
}
