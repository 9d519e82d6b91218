import XML

/// Something that the server manages, as its answers name it: `<obj type="Datastore">datastore-5</obj>`.
struct ManagedObject: Sendable, Hashable {
    let type: String
    let value: String

    init(_ type: String, _ value: String) {
        self.type = type
        self.value = value
    }

    /// What an answer refers to.
    init?(_ element: XMLElement?) {
        guard let element, !element.text.isEmpty, let type = element.attributes["type"] else { return nil }
        self.init(type, element.text)
    }

    /// As an element of a request.
    func element(_ name: String) -> String {
        "<\(name) type=\"\(XMLText.escape(type))\">\(XMLText.escape(value))</\(name)>"
    }
}

extension XMLElement {
    /// `xsi:type`, whatever prefix the server has for the namespace.
    var schemaType: String? { attributes.first { $0.key.hasSuffix(":type") }?.value }
}
