/// Values of the placeholders of a route's path template, percent-decoded. A route has at most a handful: a list beats a
/// dictionary.
struct PathParameters: Sendable {
    private var values: [(name: String, value: String)] = []

    /// The value of a placeholder of the route's own template; empty if the template has no such placeholder.
    subscript(name: String) -> String {
        for entry in values where entry.name == name { return entry.value }
        return ""
    }

    mutating func append(_ name: String, _ value: String) {
        values.append((name, value))
    }
}
