public import JSON

/// A namespace with its contents as a JSON file, in the form in which Glance's definitions come.
public struct MetadefFile: Sendable, Equatable {
    public var namespace: MetadefNamespace
    public var contents: MetadefContents

    public init(namespace: MetadefNamespace, contents: MetadefContents) {
        self.namespace = namespace
        self.contents = contents
    }

    /// What is wrong with a file.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String

        public init(description: String) { self.description = description }
    }

    /// - Throws: ``Problem``.
    public init(_ document: JSONValue) throws(Problem) {
        guard let members = document.objectValue, let name = members["namespace"]?.stringValue, !name.isEmpty else {
            throw Problem(description: "it names no namespace")
        }
        namespace = MetadefNamespace(
            name: name, displayName: members["display_name"]?.stringValue,
            description: members["description"]?.stringValue,
            visibility: members["visibility"]?.stringValue ?? "private",
            isProtected: members["protected"]?.boolValue ?? true, owner: members["owner"]?.stringValue ?? "admin")
        contents = MetadefContents()
        for (name, schema) in (members["properties"]?.objectValue ?? [:]).sorted(by: { $0.key < $1.key }) {
            contents.properties.append(MetadefEntry(name: name, schema: schema))
        }
        for object in members["objects"]?.arrayValue ?? [] {
            contents.objects.append(
                MetadefEntry(
                    name: try Self.name(of: object, "object"), schema: object["properties"] ?? .object([:]),
                    description: object["description"]?.stringValue,
                    required: object["required"]?.arrayValue?.compactMap(\.stringValue)))
        }
        for tag in members["tags"]?.arrayValue ?? [] {
            contents.tags.append(MetadefEntry(name: try Self.name(of: tag, "tag")))
        }
        for association in members["resource_type_associations"]?.arrayValue ?? [] {
            contents.associations.append(
                MetadefAssociation(
                    name: try Self.name(of: association, "resource type"), prefix: association["prefix"]?.stringValue,
                    propertiesTarget: association["properties_target"]?.stringValue))
        }
    }

    private static func name(of value: JSONValue, _ kind: String) throws(Problem) -> String {
        guard let name = value["name"]?.stringValue, !name.isEmpty else {
            throw Problem(description: "a \(kind) has no name")
        }
        return name
    }

    public var document: JSONValue {
        var members: [String: JSONValue] = [
            "namespace": .string(namespace.name), "visibility": .string(namespace.visibility),
            "protected": .bool(namespace.isProtected), "owner": .string(namespace.owner),
        ]
        members["display_name"] = namespace.displayName.map { .string($0) }
        members["description"] = namespace.description.map { .string($0) }
        if !contents.properties.isEmpty {
            members["properties"] = .object(
                Dictionary(contents.properties.map { ($0.name, $0.schema) }, uniquingKeysWith: { $1 }))
        }
        if !contents.objects.isEmpty {
            members["objects"] = .array(
                contents.objects.map { object in
                    var members: [String: JSONValue] = ["name": .string(object.name), "properties": object.schema]
                    members["description"] = object.description.map { .string($0) }
                    members["required"] = object.required.map { .array($0.map { .string($0) }) }
                    return .object(members)
                })
        }
        if !contents.tags.isEmpty { members["tags"] = .array(contents.tags.map { ["name": .string($0.name)] }) }
        if !contents.associations.isEmpty {
            members["resource_type_associations"] = .array(
                contents.associations.map { association in
                    var members: [String: JSONValue] = ["name": .string(association.name)]
                    members["prefix"] = association.prefix.map { .string($0) }
                    members["properties_target"] = association.propertiesTarget.map { .string($0) }
                    return .object(members)
                })
        }
        return .object(members)
    }
}
