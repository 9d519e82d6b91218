import CLibyaml

/// A file in YAML, and so in JSON, as libyaml reads it. Nodes are looked at in place: what aliases repeat, or turn into
/// a circle, is never copied.
final class YAMLDocument {
    private let document: UnsafeMutablePointer<yaml_document_t>

    /// - Throws: `YAMLFault` for what is not YAML, and for more than one document.
    init(_ bytes: [UInt8]) throws(YAMLFault) {
        // On the heap, because the parser keeps its own address.
        let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
        defer { parser.deallocate() }
        guard yaml_parser_initialize(parser) == 1 else { throw YAMLFault(reason: "out of memory") }
        defer { yaml_parser_delete(parser) }
        let first = UnsafeMutablePointer<yaml_document_t>.allocate(capacity: 1)
        first.initialize(to: yaml_document_t())
        // An empty array has no address that libyaml would accept.
        let terminated = bytes + [0]
        let fault: YAMLFault? = terminated.withUnsafeBufferPointer { buffer in
            yaml_parser_set_input_string(parser, buffer.baseAddress, bytes.count)
            guard yaml_parser_load(parser, first) == 1 else { return YAMLFault(parser.pointee) }
            var second = yaml_document_t()
            guard yaml_document_get_root_node(first) != nil else { return nil }
            guard yaml_parser_load(parser, &second) == 1 else { return YAMLFault(parser.pointee) }
            defer { yaml_document_delete(&second) }
            guard let more = yaml_document_get_root_node(&second) else { return nil }
            return YAMLFault(reason: "line \(more.pointee.start_mark.line + 1): a second document begins")
        }
        document = first
        if let fault { throw fault }
    }

    deinit {
        yaml_document_delete(document)
        document.deallocate()
    }

    /// Nil if the file holds nothing but comments.
    var root: Node? { yaml_document_get_root_node(document).map { Node(document: self, pointer: $0) } }

    /// A value of the document.
    struct Node {
        fileprivate let document: YAMLDocument
        fileprivate let pointer: UnsafeMutablePointer<yaml_node_t>

        /// Line in which it begins; the first is 1.
        var line: Int { Int(pointer.pointee.start_mark.line) + 1 }

        /// The text of a scalar; nil for sequences and mappings.
        var text: String? {
            guard pointer.pointee.type == YAML_SCALAR_NODE else { return nil }
            let scalar = pointer.pointee.data.scalar
            return String(decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
        }

        /// Whether it is null: nothing, or one of null's names without quotes.
        var isNull: Bool {
            guard let text, pointer.pointee.data.scalar.style == YAML_PLAIN_SCALAR_STYLE else { return false }
            return ["", "~", "null", "Null", "NULL"].contains(text)
        }

        /// The items of a sequence; nil for anything else.
        var items: [Node]? {
            guard pointer.pointee.type == YAML_SEQUENCE_NODE else { return nil }
            let items = pointer.pointee.data.sequence.items
            return UnsafeBufferPointer(start: items.start, count: items.top - items.start).compactMap(node)
        }

        /// The pairs of a mapping in the order of the file, in which a key may occur again; nil for anything else.
        var pairs: [(key: Node, value: Node)]? {
            guard pointer.pointee.type == YAML_MAPPING_NODE else { return nil }
            let pairs = pointer.pointee.data.mapping.pairs
            return UnsafeBufferPointer(start: pairs.start, count: pairs.top - pairs.start).compactMap { pair in
                guard let key = node(pair.key), let value = node(pair.value) else { return nil }
                return (key, value)
            }
        }

        private func node(_ index: Int32) -> Node? {
            yaml_document_get_node(document.document, index).map { Node(document: document, pointer: $0) }
        }
    }
}

/// Why a text is not YAML.
struct YAMLFault: Error {
    /// With the line in which it was noticed.
    var reason: String

    init(reason: String) { self.reason = reason }

    fileprivate init(_ parser: yaml_parser_t) {
        let problem = parser.problem.map { String(cString: $0) } ?? "can't be read"
        // What the reader refuses has an offset, but no line.
        guard parser.error != YAML_READER_ERROR else {
            self.init(reason: "byte \(parser.problem_offset): \(problem)")
            return
        }
        let context = parser.context.map { " \(String(cString: $0))" } ?? ""
        self.init(reason: "line \(parser.problem_mark.line + 1): \(problem)\(context)")
    }
}
