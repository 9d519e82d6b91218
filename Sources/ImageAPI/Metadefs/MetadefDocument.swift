import ImageDatabase
import JSON
import TextCoding

/// Metadata definitions as the API shows them. What is not set is left out.
enum MetadefDocument {
    /// Names with colons are the rule (`OS::Compute::Libvirt`), and a path may have them.
    static func path(of namespace: String) -> String {
        "/v2/metadefs/namespaces/" + PercentEncoding.encode(namespace).replacing("%3A", with: ":")
    }

    /// - Parameter contents: members behind those of the namespace itself.
    static func write(
        _ namespace: MetadefNamespace, to writer: inout JSONWriter, contents: (inout JSONWriter) -> Void = { _ in }
    ) {
        writer.object { writer in
            writer.field("namespace", namespace.name)
            if let name = namespace.displayName { writer.field("display_name", name) }
            if let description = namespace.description { writer.field("description", description) }
            writer.field("visibility", namespace.visibility)
            writer.field("protected", namespace.isProtected)
            writer.field("owner", namespace.owner)
            writeTimes(namespace.createdAt, namespace.updatedAt, to: &writer)
            writer.field("self", path(of: namespace.name))
            writer.field("schema", "/v2/schemas/metadefs/namespace")
            contents(&writer)
        }
    }

    /// What is in a namespace; empty parts are left out.
    ///
    /// - Parameter prefix: what the names of properties begin with.
    static func write(
        _ contents: MetadefContents, of namespace: String, prefix: String = "", to writer: inout JSONWriter
    ) {
        if !contents.objects.isEmpty {
            writer.field("objects") { writer in
                writer.array { writer in
                    for object in contents.objects {
                        write(object: object, of: namespace, prefix: prefix, to: &writer)
                    }
                }
            }
        }
        if !contents.associations.isEmpty {
            writer.field("resource_type_associations") { write(contents.associations, to: &$0) }
        }
        if !contents.properties.isEmpty {
            writer.field("properties") { write(properties: contents.properties, prefix: prefix, to: &$0) }
        }
        if !contents.tags.isEmpty { writer.field("tags") { write(tags: contents.tags, to: &$0) } }
    }

    static func write(
        object: MetadefEntry, of namespace: String, prefix: String = "", to writer: inout JSONWriter
    ) {
        writer.object { writer in
            writer.field("name", object.name)
            if let description = object.description { writer.field("description", description) }
            writer.field("required") { $0.array((object.required ?? []).map { prefix + $0 }) }
            if let properties = object.schema.objectValue {
                writer.field("properties") { writer in
                    writer.object { writer in
                        for (name, schema) in properties.sorted(by: { $0.key < $1.key }) {
                            writer.field(prefix + name, property(schema))
                        }
                    }
                }
            }
            writeTimes(object.createdAt, object.updatedAt, to: &writer)
            writer.field("self", path(of: namespace) + "/objects/" + PercentEncoding.encode(object.name))
            writer.field("schema", "/v2/schemas/metadefs/object")
        }
    }

    /// A property by itself, which has its name among its members.
    static func write(property: MetadefEntry, to writer: inout JSONWriter) {
        var members = Self.property(property.schema).objectValue ?? [:]
        members["name"] = .string(property.name)
        writer.value(.object(members))
    }

    /// A property's schema as it is shown: its default is a text, as it always was. In definitions from files it may be of any
    /// type.
    static func property(_ schema: JSONValue) -> JSONValue {
        guard var members = schema.objectValue else { return schema }
        switch members["default"] {
        case nil, .string?, .null?: return schema
        case let value?: members["default"] = .string(JSONWriter.text(of: value))
        }
        return .object(members)
    }

    /// Properties by their names.
    static func write(properties: [MetadefEntry], prefix: String = "", to writer: inout JSONWriter) {
        writer.object { writer in
            for property in properties { writer.field(prefix + property.name, Self.property(property.schema)) }
        }
    }

    static func write(tag: MetadefEntry, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("name", tag.name)
            writeTimes(tag.createdAt, tag.updatedAt, to: &writer)
        }
    }

    /// Tags in a list have nothing but their name.
    static func write(tags: [MetadefEntry], to writer: inout JSONWriter) {
        writer.array { writer in
            for tag in tags { writer.object { $0.field("name", tag.name) } }
        }
    }

    static func write(_ associations: [MetadefAssociation], to writer: inout JSONWriter) {
        writer.array { writer in
            for association in associations { write(association, to: &writer) }
        }
    }

    static func write(_ association: MetadefAssociation, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.field("name", association.name)
            if let prefix = association.prefix { writer.field("prefix", prefix) }
            if let target = association.propertiesTarget { writer.field("properties_target", target) }
            writeTimes(association.createdAt, association.updatedAt, to: &writer)
        }
    }

    private static func writeTimes(_ created: Timestamp, _ updated: Timestamp, to writer: inout JSONWriter) {
        writer.field("created_at", created.iso8601)
        writer.field("updated_at", updated.iso8601)
    }
}
