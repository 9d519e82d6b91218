import ImageService
import JSON

/// The body of `PATCH /v2/images/{image_id}` (Images API v2, "Update image"): all that can be said about it without knowing
/// the image.
struct ImagePatch {
    /// How operations are written.
    enum Dialect: CaseIterable {
        /// `{"add": "/x", "value": …}`, from a draft of JSON Patch.
        case v20
        /// `{"op": "add", "path": "/x", "value": …}`, the add, remove and replace of RFC 6902.
        case v21

        var mediaType: String {
            switch self {
            case .v20: "application/openstack-images-v2.0-json-patch"
            case .v21: "application/openstack-images-v2.1-json-patch"
            }
        }

        /// The dialect of a `Content-Type`; nil for all other media types.
        init?(contentType: String?) {
            let type = (contentType ?? "").prefix { $0 != ";" }.lowercased().trimmingBlanks()
            guard let dialect = Self.allCases.first(where: { $0.mediaType == type }) else { return nil }
            self = dialect
        }

        /// Value of `Accept-Patch` (RFC 5789, section 3.1).
        static var accepted: String { allCases.map(\.mediaType).joined(separator: ", ") }
    }

    let changes: [ImageChange]

    /// - Throws: ``APIError``: 400 for malformed operations and values, 403 for attributes that clients cannot change, 409 for
    ///   v2.0 additions of what every image has.
    init(json body: JSONValue, dialect: Dialect, schema: ImageSchema) throws(APIError) {
        guard let operations = body.arrayValue else {
            throw .badRequest("The body must be a JSON array of operations.")
        }
        try FourByteText.refuse(in: body)
        var changes: [ImageChange] = []
        for operation in operations {
            guard let members = operation.objectValue else {
                throw .badRequest("Each operation must be a JSON object.")
            }
            changes.append(try Operation(members, dialect).change(schema))
        }
        self.changes = changes
    }

    private enum Verb: String, CaseIterable {
        case add, remove, replace
    }

    /// One operation in terms that both dialects share.
    private struct Operation {
        let verb: Verb
        let pointer: PatchPointer
        let value: JSONValue?
        let dialect: Dialect

        init(_ members: [String: JSONValue], _ dialect: Dialect) throws(APIError) {
            let path: JSONValue?
            switch dialect {
            case .v21:
                guard let verb = members["op"]?.stringValue.flatMap(Verb.init(rawValue:)) else {
                    throw .badRequest("Each operation needs an 'op', one of add, remove and replace.")
                }
                self.verb = verb
                path = members["path"]
            case .v20:
                let verbs = Verb.allCases.filter { members[$0.rawValue] != nil }
                guard verbs.count == 1 else {
                    throw .badRequest("Each operation needs exactly one of the members 'add', 'remove' and 'replace'.")
                }
                verb = verbs[0]
                path = members[verb.rawValue]
            }
            guard let path = path?.stringValue else {
                throw .badRequest("Each operation needs a path, a JSON pointer.")
            }
            pointer = try PatchPointer(path)
            value = members["value"]
            self.dialect = dialect
        }

        func change(_ schema: ImageSchema) throws(APIError) -> ImageChange {
            let isListed = pointer.attribute == "locations" && verb != .replace
            guard pointer.segments.count == (isListed ? 2 : 1) else {
                throw .badRequest("Invalid pointer for an image: '/\(pointer.segments.joined(separator: "/"))'.")
            }
            if verb == .remove {
                try ImageAttributes.requireWritable(pointer.attribute)
                return try removal()
            }
            guard let value else {
                throw .badRequest("Operation '\(verb.rawValue)' needs a member 'value'.")
            }
            try ImageAttributes.requireWritable(pointer.attribute)
            try schema.validate(isListed ? .array([value]) : value, of: pointer.attribute)
            if pointer.attribute == "locations" { return try locationChange(value) }
            return try attributeChange(value)
        }

        private func removal() throws(APIError) -> ImageChange {
            if pointer.attribute == "locations" {
                return .removeLocation(index: try locationIndex())
            }
            guard !ImageAttributes.base.contains(pointer.attribute) else {
                throw APIError(.forbidden, "Attribute '\(pointer.attribute)' cannot be removed.")
            }
            return .removeProperty(name: pointer.attribute)
        }

        private func attributeChange(_ value: JSONValue) throws(APIError) -> ImageChange {
            let name = pointer.attribute
            let mustBeNew = verb == .add && dialect == .v20
            if let change = try ImageChange(attribute: name, value: value) {
                if mustBeNew { throw APIError(.conflict, "Attribute '\(name)' is already present.") }
                return change
            }
            try ImageAttributes.requirePropertyName(name)
            let text = ImageChange.propertyText(value)
            return verb == .add
                ? .addProperty(name: name, value: text, mustBeNew: mustBeNew)
                : .replaceProperty(name: name, value: text)
        }

        // MARK: Locations

        private func locationChange(_ value: JSONValue) throws(APIError) -> ImageChange {
            guard verb == .replace else {
                return .addLocation(index: try locationIndex(), try LocationDraft(json: value))
            }
            var drafts: [LocationDraft] = []
            for element in value.arrayValue ?? [] { drafts.append(try LocationDraft(json: element)) }
            return .replaceLocations(drafts)
        }

        /// The index of `/locations/<index>`; nil is `-`, the end of the list. One beyond 63 bits is as good as the largest.
        private func locationIndex() throws(APIError) -> Int? {
            let text = pointer.segments[1]
            if text == "-" { return nil }
            guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }), !text.isEmpty else {
                throw badPosition
            }
            return Int(text) ?? .max
        }

        private var badPosition: APIError {
            .badRequest("'\(pointer.segments[1])' is not a position in the list of locations.")
        }
    }
}

extension LocationDraft {
    /// Reads a location that has passed the image schema.
    ///
    /// - Throws: ``APIError`` 400.
    init(json: JSONValue) throws(APIError) {
        guard let members = json.objectValue, let url = members["url"]?.stringValue,
            let metadata = members["metadata"]?.objectValue
        else { throw .badValue("locations") }
        let validation = members["validation_data"]?.objectValue ?? [:]
        self.init(
            url: url, metadata: metadata, checksum: validation["checksum"]?.stringValue,
            hashAlgorithm: validation["os_hash_algo"]?.stringValue, hashValue: validation["os_hash_value"]?.stringValue)
    }
}
