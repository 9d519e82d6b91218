import ImageDatabase

extension MetadefPage {
    /// What the query of a list asks for.
    ///
    /// - Throws: ``APIError`` 400.
    init(_ parameters: QueryParameters, limits: ImageListRequest.Limits, isNamespaces: Bool = false) throws(APIError) {
        self.init(limit: min(limits.standard, limits.maximum))
        if let text = parameters["limit"] {
            guard let limit = Int(text) else { throw .badRequest("limit param must be an integer") }
            guard limit > 0 else { throw .badRequest("limit param must be positive") }
            self.limit = min(limit, limits.maximum)
        }
        marker = parameters["marker"]
        if let text = parameters["sort_key"] {
            let key = isNamespaces && text == "namespace" ? .name : SortKey(rawValue: text)
            guard let key, isNamespaces || [.createdAt, .updatedAt, .name].contains(key) else {
                throw .badRequest("Invalid sort key: \(text)")
            }
            sortKey = key
        }
        switch parameters["sort_dir"] ?? "desc" {
        case "asc": isAscending = true
        case "desc": isAscending = false
        case let other: throw .badRequest("Invalid sort direction: \(other)")
        }
    }
}
