public import JSON
public import TextCoding

/// What a namespace consists of: an object, a property or a tag.
public struct MetadefEntry: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        case object, property, tag

        var table: String {
            switch self {
            case .object: "metadef_objects"
            case .property: "metadef_properties"
            case .tag: "metadef_tags"
            }
        }
    }

    /// Unique among those of its kind in the namespace.
    public var name: String
    /// Of a property its JSON schema, of an object those of its properties by name; null of a tag.
    public var schema: JSONValue
    /// Of an object.
    public var description: String?
    /// Of an object: names of the properties that must be given.
    public var required: [String]?
    public var createdAt: Timestamp = .now
    public var updatedAt: Timestamp = .now

    public init(name: String, schema: JSONValue = .null, description: String? = nil, required: [String]? = nil) {
        self.name = name
        self.schema = schema
        self.description = description
        self.required = required
    }
}

/// To which kind of resource a namespace applies: a row of `metadef_namespace_resource_types`.
public struct MetadefAssociation: Sendable, Equatable {
    /// Of the resource type, such as `OS::Glance::Image`.
    public var name: String
    /// What the names of properties begin with on that resource.
    public var prefix: String?
    public var propertiesTarget: String?
    public var createdAt: Timestamp = .now
    public var updatedAt: Timestamp = .now

    public init(name: String, prefix: String? = nil, propertiesTarget: String? = nil) {
        self.name = name
        self.prefix = prefix
        self.propertiesTarget = propertiesTarget
    }
}

/// A namespace with all that is in it.
public struct MetadefContents: Sendable, Equatable {
    public var objects: [MetadefEntry] = []
    public var properties: [MetadefEntry] = []
    public var tags: [MetadefEntry] = []
    public var associations: [MetadefAssociation] = []

    public init() {}
}

/// Which page of a list is wanted.
public struct MetadefPage: Sendable {
    /// A column that all lists have.
    public enum SortKey: String, Sendable, CaseIterable {
        case createdAt = "created_at"
        case updatedAt = "updated_at"
        case name
        /// Only of namespaces.
        case visibility, owner, protected
    }

    public var sortKey: SortKey
    public var isAscending: Bool
    /// Name of the last entry of the page before.
    public var marker: String?
    /// Nil is all.
    public var limit: Int?

    public init(
        sortKey: SortKey = .createdAt, isAscending: Bool = false, marker: String? = nil, limit: Int? = nil
    ) {
        self.sortKey = sortKey
        self.isAscending = isAscending
        self.marker = marker
        self.limit = limit
    }
}
