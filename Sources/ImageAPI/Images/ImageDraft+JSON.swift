import ImageService
import JSON

extension ImageDraft {
    /// Reads the body of `POST /v2/images` (Images API v2, "Create image").
    ///
    /// - Throws: ``APIError``: 400 for what the schema forbids, 403 for attributes that only the service sets.
    init(json body: JSONValue, schema: ImageSchema) throws(APIError) {
        guard let members = body.objectValue else {
            throw .badRequest("The body must be a JSON object with the attributes of the image.")
        }
        // These would pass the schema, or fail it with a text that misleads.
        for name in ["direct_url", "self", "file", "schema", "stores"] where members[name] != nil {
            throw .readOnlyAttribute(name)
        }
        try schema.validate(body)
        try FourByteText.refuse(in: body)
        self.init()
        // In the order of the names, so that a body with several faults always gets the same answer.
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
            try set(name, to: value)
        }
    }

    private mutating func set(_ name: String, to value: JSONValue) throws(APIError) {
        if name == "id" {
            id = value.stringValue
            return
        }
        if name == "locations" { throw .reservedAttribute(name) }
        try ImageAttributes.requireWritable(name)
        guard let change = try ImageChange(attribute: name, value: value) else {
            try ImageAttributes.requirePropertyName(name)
            properties.updateValue(ImageChange.propertyText(value), forKey: name)
            return
        }
        apply(change)
    }

    private mutating func apply(_ change: ImageChange) {
        switch change {
        case .name(let value): name = value
        case .visibility(let value): visibility = value
        case .owner(let value): owner = .some(value)
        case .isProtected(let value): isProtected = value
        case .isHidden(let value): isHidden = value
        case .minDisk(let value): minDisk = value
        case .minRAM(let value): minRAM = value
        case .diskFormat(let value): diskFormat = value
        case .containerFormat(let value): containerFormat = value
        case .tags(let value): tags = value
        case .addProperty, .replaceProperty, .removeProperty, .replaceLocations, .addLocation, .removeLocation:
            break  // ImageChange(attribute:value:) never makes these.
        }
    }
}
