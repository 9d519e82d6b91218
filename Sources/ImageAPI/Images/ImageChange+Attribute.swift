import ImageModel
import ImageService
import JSON

extension ImageChange {
    /// Setting a base attribute; nil when `name` is not one that clients write as a whole.
    ///
    /// The value has passed the image schema. What the schema does not say (the range of numbers) is checked here.
    ///
    /// - Throws: ``APIError`` 400.
    init?(attribute name: String, value: JSONValue) throws(APIError) {
        switch name {
        case "name": self = .name(try Self.text(value, of: name))
        case "owner":
            // Nobody's id is empty, and policies tell "no owner" by null.
            let owner = try Self.text(value, of: name)
            self = .owner(owner == "" ? nil : owner)
        case "disk_format": self = .diskFormat(try Self.text(value, of: name))
        case "container_format": self = .containerFormat(try Self.text(value, of: name))
        case "visibility":
            guard let visibility = value.stringValue.flatMap(Visibility.init(rawValue:)) else { throw .badValue(name) }
            self = .visibility(visibility)
        case "protected": self = .isProtected(try Self.flag(value, of: name))
        case "os_hidden": self = .isHidden(try Self.flag(value, of: name))
        case "min_disk": self = .minDisk(try Self.minimum(value, of: name))
        case "min_ram": self = .minRAM(try Self.minimum(value, of: name))
        case "tags": self = .tags(try Self.tags(value))
        default: return nil
        }
    }

    /// The text that the database keeps of a property's value. The schema allows strings; where `schema-image.json` allows
    /// other types their JSON text is kept.
    static func propertyText(_ value: JSONValue) -> String? {
        switch value {
        case .null: nil
        case .string(let text): text
        default: JSONWriter.text(of: value)
        }
    }

    private static func text(_ value: JSONValue, of name: String) throws(APIError) -> String? {
        if value == .null { return nil }
        guard let text = value.stringValue else { throw .badValue(name) }
        return text
    }

    private static func flag(_ value: JSONValue, of name: String) throws(APIError) -> Bool {
        guard let flag = value.boolValue else { throw .badValue(name) }
        return flag
    }

    private static func minimum(_ value: JSONValue, of name: String) throws(APIError) -> Int {
        let number: Double
        switch value {
        case .integer(let integer): number = Double(integer)
        // `1.0` and `1e2` are integers for JSON Schema, too.
        case .number(let decimal) where decimal == decimal.rounded(): number = decimal
        default: throw .badValue(name)
        }
        guard (0...Double(ImageAttributes.largestMinimum)).contains(number) else {
            throw .badRequest("Attribute '\(name)' must lie between 0 and \(ImageAttributes.largestMinimum).")
        }
        return Int(number)
    }

    /// Tags in their order, each once.
    private static func tags(_ value: JSONValue) throws(APIError) -> [String] {
        guard let elements = value.arrayValue else { throw .badValue("tags") }
        var tags: [String] = []
        var seen: Set<String> = []
        for element in elements {
            guard let tag = element.stringValue else { throw .badValue("tags") }
            if seen.insert(tag).inserted { tags.append(tag) }
        }
        return tags
    }
}

extension APIError {
    /// 400 for a value of the wrong type.
    static func badValue(_ name: String) -> APIError {
        .badRequest("Attribute '\(name)' has a value that it cannot have.")
    }
}
