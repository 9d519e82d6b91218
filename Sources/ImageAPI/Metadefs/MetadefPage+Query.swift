import ImageDatabase

extension MetadefPage {
    /// What the query of a list asks for.
    ///
    /// - Parameter isObjects: of objects, clients expect all, in the order in which they were made, unless they ask for less.
    /// - Throws: ``APIError`` 400.
    init(
        _ parameters: QueryParameters, limits: ImageListRequest.Limits, isNamespaces: Bool = false,
        isObjects: Bool = false
    ) throws(APIError) {
        self.init(limit: isObjects ? nil : min(limits.standard, limits.maximum))
        if let text = parameters["limit"] { limit = try ImageListRequest.limit(text, limits) }
        marker = parameters["marker"]
        if let text = parameters["sort_key"] {
            let key = isNamespaces && text == "namespace" ? .name : SortKey(rawValue: text)
            guard let key, isNamespaces || [.createdAt, .updatedAt, .name].contains(key) else {
                throw .badRequest("Invalid sort key: \(text)")
            }
            sortKey = key
        }
        switch parameters["sort_dir"] ?? (isObjects ? "asc" : "desc") {
        case "asc": isAscending = true
        case "desc": isAscending = false
        case let other: throw .badRequest("Invalid sort direction: \(other)")
        }
    }
}
