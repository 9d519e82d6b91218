import ImageDatabase
import JSON
import TextCoding

/// What is told about metadata definitions, in Glance's form.
enum MetadefNotification {
    typealias Payload = [String: JSONValue]

    /// - Parameter oldName: where it has just got another one.
    static func payload(_ namespace: MetadefNamespace, oldName: String? = nil) -> Payload {
        [
            "namespace": .string(namespace.name), "namespace_old": .string(oldName ?? namespace.name),
            "display_name": text(namespace.displayName), "protected": .bool(namespace.isProtected),
            "visibility": .string(namespace.visibility), "owner": .string(namespace.owner),
            "description": text(namespace.description),
        ].merging(times(namespace.createdAt, namespace.updatedAt)) { own, _ in own }
    }

    static func payload(
        _ entry: MetadefEntry, _ kind: MetadefEntry.Kind, of namespace: String, oldName: String? = nil
    ) -> Payload {
        var payload: Payload = [
            "namespace": .string(namespace), "name": .string(entry.name), "name_old": .string(oldName ?? entry.name),
        ]
        switch kind {
        case .tag:
            payload.merge(times(entry.createdAt, entry.updatedAt)) { own, _ in own }
        case .property:
            payload.merge(members(of: entry.schema)) { own, _ in own }
            payload.merge(present) { own, _ in own }
        case .object:
            let properties = (entry.schema.objectValue ?? [:]).sorted { $0.key < $1.key }
            payload["properties"] = .array(
                properties.map { name, schema in
                    // Of what is nothing, empty or zero, Glance tells nothing here.
                    var property = members(of: schema).mapValues { $0.isSomething ? $0 : .null }
                    property["name"] = .string(name)
                    return .object(property)
                })
            payload["required"] = entry.required.map { .array($0.map { .string($0) }) } ?? .null
            payload["description"] = text(entry.description)
            payload.merge(times(entry.createdAt, entry.updatedAt)) { own, _ in own }
        }
        return payload
    }

    static func payload(_ association: MetadefAssociation, of namespace: String) -> Payload {
        [
            "namespace": .string(namespace), "name": .string(association.name), "name_old": .string(association.name),
            "prefix": text(association.prefix), "properties_target": text(association.propertiesTarget),
        ].merging(times(association.createdAt, association.updatedAt)) { own, _ in own }
    }

    /// The payload as that of something that is gone.
    static func deleted(_ payload: Payload) -> Payload {
        var payload = payload
        payload["deleted"] = true
        payload["deleted_at"] = .string(Timestamp.now.iso8601)
        return payload
    }

    private static let present: Payload = ["deleted": false, "deleted_at": .null]

    private static func times(_ created: Timestamp, _ updated: Timestamp) -> Payload {
        present.merging(["created_at": .string(created.iso8601), "updated_at": .string(updated.iso8601)]) { own, _ in
            own
        }
    }

    private static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }

    /// What is told of a property's schema; null where it says nothing.
    private static func members(of schema: JSONValue) -> Payload {
        Dictionary(uniqueKeysWithValues: keywords.map { ($0, schema[$0] ?? .null) })
    }

    private static let keywords = [
        "type", "title", "description", "default", "minimum", "maximum", "enum", "pattern", "minLength", "maxLength",
        "confidential", "items", "uniqueItems", "minItems", "maxItems", "additionalItems",
    ]
}

extension JSONValue {
    fileprivate var isSomething: Bool {
        switch self {
        case .null: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let value): !value.isEmpty
        case .object(let value): !value.isEmpty
        }
    }
}
