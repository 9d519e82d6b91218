import JSON

/// What `schema-image.json` adds to the schema of images. The file has one of two forms:
///
///     {"kernel_id": {"type": …}, …}
///     {"properties": {"kernel_id": {"type": …}, …}, "required": ["kernel_id"]}
struct CustomImageProperties: Sendable {
    /// Schemas of properties by their names.
    var properties: SchemaDocument.Members = [:]
    /// Properties without which no image can be created.
    var required: [String] = []

    /// A file that cannot be used: the start ends with this.
    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    static let fileName = "schema-image.json"

    init() {}

    /// Reads the contents of the file.
    ///
    /// - Throws: ``Problem``.
    init(_ document: JSONValue) throws(Problem) {
        guard let members = document.objectValue else {
            throw Problem(description: "\(Self.fileName) must hold a JSON object")
        }
        if let properties = members["properties"] {
            guard let named = properties.objectValue else {
                throw Problem(description: "'properties' in \(Self.fileName) must be a JSON object")
            }
            self.properties = named
            required = try Self.names(members["required"] ?? [])
        } else {
            properties = members
        }
        for (name, schema) in properties where schema.objectValue == nil {
            throw Problem(description: "'\(name)' in \(Self.fileName) must be a JSON schema")
        }
    }

    private static func names(_ list: JSONValue) throws(Problem) -> [String] {
        if list == .null { return [] }
        let names = list.arrayValue.map { $0.compactMap(\.stringValue) }
        guard let names, names.count == list.arrayValue?.count else {
            throw Problem(description: "'required' in \(fileName) must be a list of names")
        }
        return names
    }

    /// The properties of all images together with these, which are marked `is_base: false`.
    ///
    /// - Throws: ``Problem`` when one of these contradicts an attribute.
    func merged(into base: SchemaDocument.Members) throws(Problem) -> SchemaDocument.Members {
        var merged = base
        for (name, schema) in properties {
            if let attribute = base[name] {
                guard attribute == schema else {
                    throw Problem(description: "'\(name)' in \(Self.fileName) contradicts the attribute of that name")
                }
                continue
            }
            var members = schema.objectValue ?? [:]
            members["is_base"] = false
            merged[name] = .object(members)
        }
        return merged
    }

    /// The properties of the first `schema-image.json` in some directories; none when there is none.
    ///
    /// - Throws: ``Problem`` when the file cannot be read or used.
    static func find(in directories: [String]) throws(Problem) -> CustomImageProperties {
        for directory in directories {
            let path = directory + "/" + fileName
            let document: JSONValue
            do {
                guard let text = try TextFile.read(path) else { continue }
                document = try JSONValue.parse(text)
            } catch let error as JSONParsingError {
                throw Problem(description: "\(path) is not JSON: \(error)")
            } catch {
                throw Problem(description: "\(error)")
            }
            return try CustomImageProperties(document)
        }
        return CustomImageProperties()
    }
}
