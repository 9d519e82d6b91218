import ImageDatabase
import ImageModel
import JSON
import TextCoding

/// What a task of the old tasks API (`POST /v2/tasks`, type `import`) asks for: a new image with data from a URL.
struct LegacyImport {
    static let type = "import"

    /// As it is while it is being imported.
    let image: Image
    let request: ImportRequest

    /// - Throws: ``ImportFailure`` for an input without what an image needs.
    init(_ task: ImageTask) throws {
        guard task.type == Self.type else {
            throw ImportFailure("Tasks of the type \(task.type) are made by the operations on images only.")
        }
        guard let input = task.input?.objectValue, let uri = input["import_from"]?.stringValue else {
            throw ImportFailure("The task's input has no 'import_from'.")
        }
        let properties = input["image_properties"]?.objectValue ?? [:]
        func text(_ name: String) -> String? { properties[name]?.stringValue }
        guard let containerFormat = text("container_format"), let diskFormat = text("disk_format") else {
            throw ImportFailure("'image_properties' need container_format and disk_format.")
        }
        var image = Image(
            id: UUIDText.random(), name: text("name"), status: .importing,
            visibility: text("visibility").flatMap(Visibility.init) == .private ? .private : .shared,
            owner: task.owner)
        image.containerFormat = containerFormat
        image.diskFormat = diskFormat
        for (name, value) in properties where !Self.attributes.contains(name) && !name.hasPrefix("os_glance") {
            if let value = value.stringValue { image.properties[name] = value }
        }
        self.image = image
        request = try ImportRequest(
            ["method": ["name": "web-download", "uri": .string(uri)]], enabled: ImportRequest.methods)
    }

    /// Members of `image_properties` that are no properties of the image.
    private static let attributes: Set<String> = [
        "name", "container_format", "disk_format", "visibility", "owner", "id", "status", "size", "checksum",
        "virtual_size", "min_disk", "min_ram", "protected", "tags", "locations", "created_at", "updated_at", "deleted",
        "deleted_at", "os_hash_algo", "os_hash_value", "os_hidden",
    ]
}
