import JSON

/// The schemas of metadata definitions (Images API v2, "Metadata Definitions Schemas").
enum MetadefSchemas {
    /// `GET /v2/schemas/metadefs/namespace`
    static let namespace = SchemaDocument.item(
        "namespace",
        [
            "namespace": SchemaDocument.property(
                "string", "Name of the namespace, unique in the service", ["maxLength": 80]),
            "display_name": SchemaDocument.property("string", "Name that user interfaces show", ["maxLength": 80]),
            "description": SchemaDocument.property("string", "What the namespace is for", ["maxLength": 500]),
            "visibility": SchemaDocument.property(
                "string", "Who can see the namespace", ["enum": ["public", "private"]]),
            "protected": SchemaDocument.property("boolean", "Whether deleting the namespace is refused"),
            "owner": SchemaDocument.property("string", "Project that the namespace belongs to", ["maxLength": 255]),
            "created_at": time("When the namespace was made"),
            "updated_at": time("When the namespace was last changed"),
            "schema": SchemaDocument.property("string", readOnly: true),
            "self": SchemaDocument.property("string", readOnly: true),
            "resource_type_associations": arrayOfObjects([
                "name": text, "prefix": text, "properties_target": text,
            ]),
            "properties": reference("property"),
            "objects": arrayOfObjects([
                "name": text, "description": text, "required": reference("stringArray"),
                "properties": reference("property"),
            ]),
            "tags": arrayOfObjects(["name": text]),
        ], required: ["namespace"], definitions: namespaceDefinitions)

    /// `GET /v2/schemas/metadefs/namespaces`
    static let namespaces = SchemaDocument.collection("namespaces", of: namespace)

    /// `GET /v2/schemas/metadefs/object`
    static let object = SchemaDocument.item(
        "object",
        [
            "name": ["type": "string", "maxLength": 80],
            "description": text,
            "required": reference("stringArray"),
            "properties": reference("property"),
            "schema": SchemaDocument.property("string", readOnly: true),
            "self": SchemaDocument.property("string", readOnly: true),
            "created_at": time("When the object was made"),
            "updated_at": time("When the object was last changed"),
        ], required: ["name"], definitions: namespaceDefinitions)

    /// `GET /v2/schemas/metadefs/objects`
    static let objects = SchemaDocument.collection("objects", of: object)

    /// `GET /v2/schemas/metadefs/property`
    static let property = propertySchema(required: ["title", "type", "name"])

    /// `GET /v2/schemas/metadefs/properties`: there the name is the key.
    static let properties = SchemaDocument.dictionary("properties", of: propertySchema(required: ["title", "type"]))

    /// `GET /v2/schemas/metadefs/tag`
    static let tag = SchemaDocument.item(
        "tag",
        [
            "name": ["type": "string", "maxLength": 80],
            "created_at": time("When the tag was made"),
            "updated_at": time("When the tag was last changed"),
        ], required: ["name"])

    /// `GET /v2/schemas/metadefs/tags`
    static let tags = SchemaDocument.collection("tags", of: tag)

    /// `GET /v2/schemas/metadefs/resource_type`
    static let resourceType = SchemaDocument.item(
        "resource_type_association",
        [
            "name": SchemaDocument.property(
                "string", "Name of the resource type, if possible that of the orchestration service", ["maxLength": 80]),
            "prefix": SchemaDocument.property(
                "string", "What names of the namespace's properties begin with on this type, separator included",
                ["maxLength": 80]),
            "properties_target": SchemaDocument.property(
                "string", "Which of several sets of properties of the type is meant, for example `image` of a volume",
                ["maxLength": 80]),
            "created_at": time("When the association was made"),
            "updated_at": time("When the association was last changed"),
        ], required: ["name"])

    /// `GET /v2/schemas/metadefs/resource_types`
    static let resourceTypes = SchemaDocument.collection("resource_type_associations", of: resourceType)

    // MARK: Parts

    private static let text: JSONValue = ["type": "string"]

    private static let jsonTypes: JSONValue = ["array", "boolean", "integer", "number", "object", "string", .null]

    private static func reference(_ name: String) -> JSONValue {
        ["$ref": .string("#/definitions/\(name)")]
    }

    private static func time(_ description: String) -> JSONValue {
        SchemaDocument.property("string", description, readOnly: true, ["format": "date-time"])
    }

    private static func arrayOfObjects(_ properties: SchemaDocument.Members) -> JSONValue {
        ["type": "array", "items": ["type": "object", "properties": .object(properties)]]
    }

    private static func propertySchema(required: [String]) -> SchemaDocument.Members {
        var definitions = numberDefinitions
        definitions["stringArray"] = ["type": "array", "items": text, "minItems": 1, "uniqueItems": true]
        return SchemaDocument.item("property", propertyMembers, required: required, definitions: definitions)
    }

    private static let numberDefinitions: SchemaDocument.Members = [
        "positiveInteger": ["type": "integer", "minimum": 0],
        "positiveIntegerDefault0": ["allOf": [reference("positiveInteger"), ["default": 0]]],
    ]

    private static let namespaceDefinitions: SchemaDocument.Members = numberDefinitions.merging([
        "stringArray": ["type": "array", "items": text, "uniqueItems": true],
        "property": [
            "type": "object",
            "additionalProperties": [
                "type": "object", "required": ["title", "type"], "properties": .object(propertyMembers),
            ],
        ],
    ]) { $1 }

    /// The subset of JSON Schema that a property definition consists of.
    private static let propertyMembers: SchemaDocument.Members = [
        "name": ["type": "string", "maxLength": 80],
        "title": text,
        "description": text,
        "operators": ["type": "array", "items": text],
        "type": ["type": "string", "enum": jsonTypes],
        "required": reference("stringArray"),
        "minimum": ["type": "number"],
        "maximum": ["type": "number"],
        "maxLength": reference("positiveInteger"),
        "minLength": reference("positiveIntegerDefault0"),
        "pattern": ["type": "string", "format": "regex"],
        "enum": ["type": "array"],
        "readonly": ["type": "boolean"],
        "default": [:],
        "items": [
            "type": "object",
            "properties": ["type": ["type": "string", "enum": jsonTypes], "enum": ["type": "array"]],
        ],
        "maxItems": reference("positiveInteger"),
        "minItems": reference("positiveIntegerDefault0"),
        "uniqueItems": ["type": "boolean", "default": false],
        "additionalItems": ["type": "boolean"],
    ]
}
