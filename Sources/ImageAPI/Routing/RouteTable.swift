import HTTPTypes
import TextCoding

/// Finds the route of a path: a tree over the segments of the templates, literal segments before placeholders. Nodes have few
/// children, so comparing a handful of short strings is all there is to do.
struct RouteTable: Sendable {
    /// A path with its methods.
    struct Endpoint: Sendable {
        let template: String
        fileprivate(set) var routes: [Route] = []
        /// Value of `Allow`, methods in the order of their declaration.
        fileprivate(set) var allow = ""

        func route(for method: HTTPRequest.Method) -> Route? {
            for route in routes where route.method == method { return route }
            return nil
        }
    }

    private struct Node: Sendable {
        var literals: [(segment: String, node: Int)] = []
        var placeholder: (name: String, node: Int)?
        var endpoint: Endpoint?
    }

    private var nodes = [Node()]

    init(_ routes: [Route]) {
        for route in routes { add(route) }
    }

    private mutating func add(_ route: Route) {
        var node = 0
        for segment in route.template.split(separator: "/") {
            node = child(of: node, for: segment)
        }
        var endpoint = nodes[node].endpoint ?? Endpoint(template: route.template)
        precondition(endpoint.route(for: route.method) == nil, "\(route.method) \(route.template) is declared twice")
        endpoint.routes.append(route)
        endpoint.allow += endpoint.allow.isEmpty ? route.method.rawValue : ", \(route.method.rawValue)"
        nodes[node].endpoint = endpoint
    }

    private mutating func child(of node: Int, for segment: Substring) -> Int {
        if segment.hasPrefix("{") {
            let name = String(segment.dropFirst().dropLast())
            if let placeholder = nodes[node].placeholder {
                precondition(placeholder.name == name, "{\(name)} and {\(placeholder.name)} stand at the same place")
                return placeholder.node
            }
            nodes.append(Node())
            nodes[node].placeholder = (name, nodes.count - 1)
        } else {
            if let literal = nodes[node].literals.first(where: { $0.segment == segment }) { return literal.node }
            nodes.append(Node())
            nodes[node].literals.append((String(segment), nodes.count - 1))
        }
        return nodes.count - 1
    }

    /// The endpoint of a path, with the decoded values of its placeholders.
    ///
    /// - Parameter path: path of the request, percent-encoded.
    /// - Throws: ``APIError`` 400 when a segment does not decode to UTF-8.
    func match(_ path: String) throws(APIError) -> (endpoint: Endpoint, parameters: PathParameters)? {
        guard path.utf8.first == UInt8(ascii: "/") else { return nil }
        var segments: [String] = []
        segments.reserveCapacity(8)
        for segment in path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            guard let decoded = PercentEncoding.decode(segment) else { throw .undecodableURL }
            segments.append(decoded)
        }
        return match(segments[...], at: 0)
    }

    private func match(
        _ segments: ArraySlice<String>, at index: Int
    ) -> (endpoint: Endpoint, parameters: PathParameters)? {
        let node = nodes[index]
        guard let segment = segments.first else { return node.endpoint.map { ($0, PathParameters()) } }
        for literal in node.literals where literal.segment == segment {
            if let found = match(segments.dropFirst(), at: literal.node) { return found }
        }
        guard let placeholder = node.placeholder, !segment.isEmpty,
            var found = match(segments.dropFirst(), at: placeholder.node)
        else { return nil }
        found.parameters.append(placeholder.name, segment)
        return found
    }
}
