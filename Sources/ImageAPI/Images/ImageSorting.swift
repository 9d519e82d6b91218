import ImageModel

/// The order of a list, in either of two notations that must not be mixed: `sort=name:asc,size` or
/// `sort_key=name&sort_dir=asc&sort_key=size&sort_dir=desc` (Images API v2, "Sorting").
enum ImageSorting {
    /// Columns that clients can sort by.
    private static let columns: [ImageQuery.Column] = [
        .name, .status, .containerFormat, .diskFormat, .size, .id, .createdAt, .updatedAt,
    ]

    /// The order asked for, made total by `created_at` and `id`. These are descending unless the request has exactly one
    /// direction, which is theirs, too. A column that comes twice counts where it comes first.
    ///
    /// - Throws: ``APIError`` 400 for unknown columns and directions and for numbers of them that do not fit.
    static func order(_ parameters: QueryParameters) throws(APIError) -> [ImageQuery.Sort] {
        let keys = parameters.all("sort_key")
        let directions = parameters.all("sort_dir")
        var order: [ImageQuery.Sort] = []
        let directionOfTies: Bool
        if let combined = parameters["sort"] {
            guard keys.isEmpty && directions.isEmpty else {
                throw .badRequest("'sort' cannot be combined with 'sort_key' and 'sort_dir'.")
            }
            directionOfTies = try read(combined, into: &order)
        } else {
            directionOfTies = try read(keys: keys, directions: directions, into: &order)
        }
        append(.createdAt, descending: directionOfTies, to: &order)
        append(.id, descending: directionOfTies, to: &order)
        return order
    }

    /// - Returns: whether ties are descending.
    private static func read(_ combined: String, into order: inout [ImageQuery.Sort]) throws(APIError) -> Bool {
        var directions: [Bool] = []
        for part in combined.split(separator: ",", omittingEmptySubsequences: false) {
            let pair = part.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let direction = try isDescending(pair.count > 1 && !pair[1].isEmpty ? String(pair[1]) : "desc")
            append(try column(String(pair[0])), descending: direction, to: &order)
            directions.append(direction)
        }
        // Each column has a direction here, written or not.
        return directions.count == 1 ? directions[0] : true
    }

    /// - Returns: whether ties are descending.
    private static func read(
        keys: [String], directions: [String], into order: inout [ImageQuery.Sort]
    ) throws(APIError) -> Bool {
        guard directions.count <= 1 || directions.count == keys.count else {
            throw .badRequest("The number of 'sort_dir' does not match the number of 'sort_key'.")
        }
        for (index, key) in (keys.isEmpty ? ["created_at"] : keys).enumerated() {
            let direction = directions.isEmpty ? "desc" : directions[directions.count == 1 ? 0 : index]
            append(try column(key), descending: try isDescending(direction), to: &order)
        }
        return directions.count == 1 ? try isDescending(directions[0]) : true
    }

    private static func append(
        _ column: ImageQuery.Column, descending: Bool, to order: inout [ImageQuery.Sort]
    ) {
        guard !order.contains(where: { $0.column == column }) else { return }
        order.append(ImageQuery.Sort(column, descending: descending))
    }

    private static func column(_ text: String) throws(APIError) -> ImageQuery.Column {
        let name = text.trimmingBlanks()
        guard let column = columns.first(where: { $0.rawValue == name }) else {
            let known = columns.map(\.rawValue).joined(separator: ", ")
            throw .badRequest("Invalid sort key '\(name)': use one of \(known).")
        }
        return column
    }

    private static func isDescending(_ text: String) throws(APIError) -> Bool {
        switch text.trimmingBlanks() {
        case "desc": return true
        case "asc": return false
        case let other: throw .badRequest("Invalid sort direction '\(other)': use asc or desc.")
        }
    }
}
