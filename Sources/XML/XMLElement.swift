/// An element of a document, with all that stands in it.
///
/// Reads what servers answer: well-formed UTF-8 (Extensible Markup Language 1.0) without a document type declaration, so there
/// are no entities to expand and nothing is fetched. How many bytes a document may have is for the caller to limit. Prefixes
/// of elements are dropped: the documents that we read do not mix vocabularies. Comments and instructions are passed over.
public struct XMLElement: Sendable, Equatable {
    /// Elements that may stand in each other.
    public static let depthLimit = 64

    /// Without prefix.
    public let name: String
    /// Values by names as they are written, prefix included.
    public internal(set) var attributes: [String: String] = [:]
    /// The text that stands directly in the element.
    public internal(set) var text = ""
    public internal(set) var children: [XMLElement] = []

    init(name: String) { self.name = name }

    /// Reads a document; this is its outermost element.
    public init(document: some Sequence<UInt8>) throws(XMLError) {
        var reader = XMLReader(bytes: Array(document))
        self = try reader.document()
    }

    /// The first child of a name.
    public subscript(name: String) -> XMLElement? { children.first { $0.name == name } }

    /// All children of a name.
    public func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }
}
