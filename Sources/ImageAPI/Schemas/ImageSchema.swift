import JSON
import OsloConfig

/// The schema of images: the attributes of every image, the formats that the configuration allows, and what
/// `schema-image.json` adds. It describes images to clients and decides what they may send.
struct ImageSchema: Sendable {
    /// `GET /v2/schemas/image`
    let document: SchemaDocument.Members
    private let validator: JSONSchema
    /// The schema of each attribute and declared property.
    private let validators: [String: JSONSchema]
    /// Names of the attributes and of the properties that `schema-image.json` declares.
    var names: Set<String> { Set(validators.keys) }
    /// For every other property.
    private let customValidator: JSONSchema

    /// - Throws: ``CustomImageProperties/Problem`` when the custom properties cannot be used.
    init(
        diskFormats: [String], containerFormats: [String], custom: CustomImageProperties = CustomImageProperties()
    ) throws {
        let base = Self.attributes(diskFormats: diskFormats, containerFormats: containerFormats)
        let properties = try custom.merged(into: base)
        document = SchemaDocument.item(
            "image", properties, additional: Self.customProperty, required: custom.required, links: Self.links)
        validator = try JSONSchema(.object(document))
        validators = try properties.mapValues { try JSONSchema($0) }
        customValidator = try JSONSchema(Self.customProperty)
    }

    /// The schema for a configuration, with the `schema-image.json` of its directories.
    ///
    /// - Throws: ``CustomImageProperties/Problem``.
    init(configuration: Configuration) throws {
        try self.init(
            diskFormats: configuration[Options.ImageFormat.diskFormats],
            containerFormats: configuration[Options.ImageFormat.containerFormats],
            custom: try CustomImageProperties.find(in: configuration.directories))
    }

    /// Checks a whole image.
    ///
    /// - Throws: ``APIError`` 400.
    func validate(_ body: JSONValue) throws(APIError) {
        if let problem = validator.problem(with: body) { throw Self.refusal(problem) }
    }

    /// Checks the value of one attribute or custom property. What `required` says does not matter here: a patch names only
    /// what it changes.
    ///
    /// - Throws: ``APIError`` 400.
    func validate(_ value: JSONValue, of name: String) throws(APIError) {
        if let problem = (validators[name] ?? customValidator).problem(with: value) {
            throw Self.refusal("\(name): \(problem)")
        }
    }

    private static func refusal(_ problem: String) -> APIError {
        .badRequest("The request does not match the schema of images: \(problem)")
    }

    // MARK: The document

    private static let customProperty: JSONValue = ["type": "string"]

    private static let links: JSONValue = .array([
        SchemaDocument.link("self", "{self}"), SchemaDocument.link("enclosure", "{file}"),
        SchemaDocument.link("describedby", "{schema}"),
    ])

    private static func attributes(diskFormats: [String], containerFormats: [String]) -> SchemaDocument.Members {
        identity
            .merging(state) { $1 }
            .merging(access) { $1 }
            .merging(formats(disk: diskFormats, container: containerFormats)) { $1 }
            .merging(urls) { $1 }
    }

    private static let identity: SchemaDocument.Members = [
        "id": SchemaDocument.property("string", "UUID of the image", ["pattern": SchemaDocument.uuidPattern]),
        "name": SchemaDocument.property(
            SchemaDocument.nullableString, "Name for people; need not be unique", ["maxLength": 255]),
        "tags": SchemaDocument.property(
            "array", "Texts by which images can be found", ["items": ["type": "string", "maxLength": 255]]),
        "created_at": SchemaDocument.property("string", "When the image was registered", readOnly: true),
        "updated_at": SchemaDocument.property("string", "When the image was last changed", readOnly: true),
    ]

    private static let state: SchemaDocument.Members = [
        "status": SchemaDocument.property(
            "string", "Where the image is in its life", readOnly: true,
            [
                "enum": [
                    "queued", "saving", "active", "killed", "deleted", "uploading", "importing", "pending_delete",
                    "deactivated",
                ]
            ]),
        "size": SchemaDocument.property(["null", "integer"], "Bytes of the image data", readOnly: true),
        "virtual_size": SchemaDocument.property(
            ["null", "integer"], "Bytes of the disk that the data describe", readOnly: true),
        "checksum": SchemaDocument.property(
            SchemaDocument.nullableString, "MD5 of the image data", readOnly: true, ["maxLength": 32]),
        "os_hash_algo": SchemaDocument.property(
            SchemaDocument.nullableString, "Name of the hash function of os_hash_value", readOnly: true,
            ["maxLength": 64]),
        "os_hash_value": SchemaDocument.property(
            SchemaDocument.nullableString, "Hash of the image data in hexadecimal", readOnly: true, ["maxLength": 128]),
    ]

    private static let access: SchemaDocument.Members = [
        "owner": SchemaDocument.property(
            SchemaDocument.nullableString, "Project that the image belongs to", ["maxLength": 255]),
        "visibility": SchemaDocument.property(
            "string", "Who can see the image", ["enum": ["community", "public", "private", "shared"]]),
        "protected": SchemaDocument.property("boolean", "Whether deleting the image is refused"),
        "os_hidden": SchemaDocument.property("boolean", "Whether lists leave the image out unless asked for it"),
    ]

    private static func formats(disk: [String], container: [String]) -> SchemaDocument.Members {
        func property(_ description: String, _ formats: [String]) -> JSONValue {
            SchemaDocument.property(
                SchemaDocument.nullableString, description, ["enum": .array([.null] + formats.map { .string($0) })])
        }
        return [
            "disk_format": property("Format of the disk in the image data", disk),
            "container_format": property("Format of the file around the disk", container),
            "min_ram": SchemaDocument.property("integer", "MiB of memory that a server needs to boot the image"),
            "min_disk": SchemaDocument.property("integer", "GiB of disk that a server needs to boot the image"),
        ]
    }

    private static let urls: SchemaDocument.Members = [
        "self": SchemaDocument.property("string", "Path of the image", readOnly: true),
        "file": SchemaDocument.property("string", "Path of the image data", readOnly: true),
        "schema": SchemaDocument.property("string", "Path of this schema", readOnly: true),
        "direct_url": SchemaDocument.property("string", "Where a store keeps the image data", readOnly: true),
        "stores": SchemaDocument.property(
            "string",
            "Ids of the stores that keep the image data, separated by commas; only where there are several stores",
            readOnly: true),
        "locations": SchemaDocument.property("array", "All places where the image data are kept", ["items": location]),
    ]

    private static let location: JSONValue = [
        "type": "object",
        "required": ["url", "metadata"],
        "properties": [
            "url": ["type": "string", "maxLength": 255],
            "metadata": ["type": "object"],
            "validation_data": [
                "type": "object",
                "description":
                    "Hashes of the data. They set those of a queued image and must equal those of any other.",
                "writeOnly": true,
                "additionalProperties": false,
                "required": ["os_hash_algo", "os_hash_value"],
                "properties": [
                    "checksum": ["type": "string", "minLength": 32, "maxLength": 32],
                    "os_hash_algo": ["type": "string", "maxLength": 64],
                    "os_hash_value": ["type": "string", "maxLength": 128],
                ],
            ],
        ],
    ]
}
