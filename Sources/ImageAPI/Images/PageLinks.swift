import TextCoding

/// Links between the pages of a list. They repeat the query of the request with all its parameters, also those that come more
/// than once (`tag=a&tag=b`), in their order.
struct PageLinks {
    /// The first page of the same query.
    let first: String
    /// The page after this one; nil when this one is not full.
    let next: String?

    /// - Parameters:
    ///   - path: of the collection.
    ///   - nextMarker: id of the last item of this page, if another page may follow.
    init(path: String, parameters: QueryParameters, nextMarker: String?) {
        let pairs = parameters.entries.filter { $0.name != "marker" }.map(Self.pair)
        first = pairs.isEmpty ? path : path + "?" + pairs.joined(separator: "&")
        next = nextMarker.map { marker in
            path + "?" + (pairs + [Self.pair("marker", marker)]).joined(separator: "&")
        }
    }

    private static func pair(_ name: String, _ value: String) -> String {
        PercentEncoding.encode(name, blankIsPlus: true) + "=" + PercentEncoding.encode(value, blankIsPlus: true)
    }
}
