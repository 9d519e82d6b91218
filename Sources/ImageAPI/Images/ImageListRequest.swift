import ImageModel

/// The query of `GET /v2/images` (Images API v2, "List images").
struct ImageListRequest {
    /// Page sizes of the configuration.
    struct Limits: Sendable {
        /// `limit_param_default`
        var standard = 25
        /// `api_limit_max`
        var maximum = 1000
    }

    let query: ImageQuery

    /// Each may become a condition of one statement, and SQLite nests those at most a thousand deep.
    static let mostParameters = 500

    /// - Throws: ``APIError`` 400 for values that a parameter cannot have.
    init(_ parameters: QueryParameters, viewer: ImageQuery.Viewer, limits: Limits) throws(APIError) {
        guard parameters.entries.count <= Self.mostParameters else {
            throw .badRequest("A list can have at most \(Self.mostParameters) parameters.")
        }
        var query = ImageQuery(viewer: viewer)
        query.limit = try Self.limit(parameters["limit"], limits)
        query.marker = parameters["marker"]
        query.memberStatus = try Self.memberStatus(parameters["member_status"])
        query.isHidden = try Self.hidden(parameters["os_hidden"])
        query.sort = try ImageSorting.order(parameters)
        try Self.readVisibility(parameters["visibility"], into: &query)
        for (name, value) in Self.counting(parameters) {
            if let filter = try Self.filter(name, value) { query.filters.append(filter) }
        }
        self.query = query
    }

    // MARK: Parameters that are not filters

    /// - Throws: ``APIError`` 400 for what is no number, or below 0.
    static func limit(_ text: String?, _ limits: Limits) throws(APIError) -> Int {
        guard let text else { return min(limits.standard, limits.maximum) }
        let (isNegative, digits) = decimal(text)
        guard let digits else { throw .badRequest("limit must be an integer.") }
        guard !isNegative || digits == 0 else { throw .badRequest("limit must not be negative.") }
        return Int(min(digits, Int64(limits.maximum)))
    }

    private static func memberStatus(_ text: String?) throws(APIError) -> ImageMember.Status? {
        guard let text else { return .accepted }
        if text == "all" { return nil }
        guard let status = ImageMember.Status(rawValue: text) else {
            throw .badRequest("Invalid member_status '\(text)': use pending, accepted, rejected or all.")
        }
        return status
    }

    private static func hidden(_ text: String?) throws(APIError) -> Bool {
        try boolean(text?.lowercased() ?? "false", of: "os_hidden")
    }

    private static func readVisibility(_ text: String?, into query: inout ImageQuery) throws(APIError) {
        guard let text else { return }
        query.visibility = Visibility(rawValue: text)
        query.includesCommunity = text == "all"
        guard query.visibility != nil || query.includesCommunity else {
            throw .badRequest("Invalid visibility '\(text)': use public, private, shared, community or all.")
        }
    }

    // MARK: Filters

    /// What remains when the last of a name counts and earlier ones are not looked at. All tags count.
    private static func counting(_ parameters: QueryParameters) -> [(name: String, value: String)] {
        // By bytes: Swift takes for equal what the database tells apart.
        var last: [[UInt8]: Int] = [:]
        let names = parameters.entries.map { Array($0.name.utf8) }
        for (index, name) in names.enumerated() { last[name] = index }
        return parameters.entries.enumerated().compactMap { index, entry in
            entry.name == "tag" || last[names[index]] == index ? entry : nil
        }
    }

    /// Parameters that are read elsewhere. `deleted` never had an effect for clients: deleted images are not listed.
    private static let controls: Set<String> = [
        "limit", "marker", "member_status", "os_hidden", "sort", "sort_key", "sort_dir", "visibility", "deleted",
    ]

    /// Parts of an image that cannot be compared with a text.
    private static let incomparable: Set<String> = ["properties", "locations", "members", "tags"]

    private static func filter(_ name: String, _ value: String) throws(APIError) -> ImageQuery.Filter? {
        if controls.contains(name) { return nil }
        if incomparable.contains(name) { throw .badRequest("Images cannot be filtered by '\(name)'.") }
        if let bound = try bound(name, value) { return bound }
        switch name {
        case "tag": return .tag(value.trimmingBlanks())
        case "protected": return .isProtected(try boolean(value, of: name))
        case "changes-since": throw .badRequest("The filter 'changes-since' does not exist in version 2.")
        default: break
        }
        guard let column = ImageQuery.Column(rawValue: name) else { return .property(name, value) }
        switch column {
        case .id, .name, .status, .containerFormat, .diskFormat:
            return try FilterExpression(value).textFilter(column)
        case .createdAt, .updatedAt:
            return try FilterExpression(value).timeFilter(column)
        case .size, .virtualSize, .minDisk, .minRAM:
            return .integer(column, .equal, try integer(value, of: name))
        case .owner, .checksum, .hashAlgorithm, .hashValue, .visibility, .isProtected:
            return .oneOf(column, [value])
        }
    }

    /// `size_min`, `min_ram_max` and so on. Other names with these endings are refused rather than taken for properties.
    private static func bound(_ name: String, _ value: String) throws(APIError) -> ImageQuery.Filter? {
        let comparison: ImageQuery.Comparison
        if name.hasSuffix("_min") {
            comparison = .greaterOrEqual
        } else if name.hasSuffix("_max") {
            comparison = .lessOrEqual
        } else {
            return nil
        }
        switch ImageQuery.Column(rawValue: String(name.dropLast(4))) {
        case .size?: return .integer(.size, comparison, try integer(value, of: name))
        case .virtualSize?: return .integer(.virtualSize, comparison, try integer(value, of: name))
        case .minDisk?: return .integer(.minDisk, comparison, try integer(value, of: name))
        case .minRAM?: return .integer(.minRAM, comparison, try integer(value, of: name))
        default: throw .badRequest("Unable to filter on a range of '\(name.dropLast(4))'.")
        }
    }

    // MARK: Values

    private static func boolean(_ text: String, of name: String) throws(APIError) -> Bool {
        switch text {
        case "true": return true
        case "false": return false
        default: throw .badRequest("Invalid value '\(text)' for filter '\(name)': use true or false.")
        }
    }

    private static func integer(_ text: String, of name: String) throws(APIError) -> Int64 {
        let (isNegative, magnitude) = decimal(text)
        guard let magnitude else {
            throw .badRequest("Filter '\(name)' needs an integer.")
        }
        return isNegative ? -magnitude : magnitude
    }

    /// Reads `[+-]digits`; a magnitude beyond 63 bits is as good as the largest.
    private static func decimal(_ text: String) -> (isNegative: Bool, magnitude: Int64?) {
        var digits = text.trimmingBlanks().utf8[...]
        let isNegative = digits.first == UInt8(ascii: "-")
        if isNegative || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let isNumber = !digits.isEmpty && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return (isNegative, isNumber ? Int64(Substring(digits)) ?? .max : nil)
    }
}

extension String {
    /// The text without blanks at its ends.
    func trimmingBlanks() -> String {
        guard let first = utf8.first, let last = utf8.last, first <= 0x20 || last <= 0x20 else { return self }
        var scalars = unicodeScalars[...]
        while let scalar = scalars.first, scalar.properties.isWhitespace { scalars.removeFirst() }
        while let scalar = scalars.last, scalar.properties.isWhitespace { scalars.removeLast() }
        return String(scalars)
    }
}
