/// `key:value` pairs of an option in the order in which they were written, such as `enabled_backends`.
public struct OptionDictionary: Sendable, Equatable, RandomAccessCollection, ExpressibleByDictionaryLiteral {
    public typealias Element = (key: String, value: String)

    private var pairs: [Element]

    public init(dictionaryLiteral elements: (String, String)...) {
        pairs = []
        for (key, value) in elements { self[key] = value }
    }

    public var startIndex: Int { pairs.startIndex }
    public var endIndex: Int { pairs.endIndex }
    public subscript(position: Int) -> Element { pairs[position] }

    /// Keys in the order in which they were written.
    public var keys: [String] { pairs.map(\.key) }

    /// The value of a key. As in a Python dict a key written twice has its last value at its first place.
    public subscript(key: String) -> String? {
        get { pairs.first { $0.key == key }?.value }
        set {
            let index = pairs.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): pairs[index].value = value
            case (nil, let value?): pairs.append((key, value))
            case (let index?, nil): pairs.remove(at: index)
            case (nil, nil): break
            }
        }
    }

    public static func == (left: Self, right: Self) -> Bool { left.pairs.elementsEqual(right.pairs, by: ==) }
}
