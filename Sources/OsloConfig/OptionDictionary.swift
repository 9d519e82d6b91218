/// `key:value` pairs of an option in the order in which they were written, such as `enabled_backends`. Keys are unique.
public struct OptionDictionary: Sendable, Equatable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    public typealias Element = (key: String, value: String)

    private var pairs: [Element] = []

    public init(dictionaryLiteral elements: (String, String)...) {
        for (key, value) in elements { append(key: key, value: value) }
    }

    public var startIndex: Int { pairs.startIndex }
    public var endIndex: Int { pairs.endIndex }
    public subscript(position: Int) -> Element { pairs[position] }

    /// Keys in the order in which they were written.
    public var keys: [String] { pairs.map(\.key) }

    /// The value of a key.
    public subscript(key: String) -> String? { pairs.first { $0.key == key }?.value }

    /// Adds a pair; false, without any change, when the key is there already.
    @discardableResult
    mutating func append(key: String, value: String) -> Bool {
        if self[key] != nil { return false }
        pairs.append((key, value))
        return true
    }

    public static func == (left: Self, right: Self) -> Bool { left.pairs.elementsEqual(right.pairs, by: ==) }
}
