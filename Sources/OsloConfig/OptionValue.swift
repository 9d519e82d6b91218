/// A Swift type that an ``Option`` can have.
public protocol OptionValue: Sendable {
    /// How text becomes this type unless the declaration says otherwise.
    static var optionType: OptionType { get }
    /// The stored value as this type; nil if it is of another kind, which the declared ``OptionType`` excludes.
    init?(stored: StoredValue)
    /// This value as it would be written in a file; nil when the option is unset.
    var text: String? { get }
}

/// A value after parsing, as the ``Configuration`` keeps it.
public enum StoredValue: Sendable, Equatable {
    case string(String)
    case boolean(Bool)
    case integer(Int)
    case float(Double)
    case list([String])
    case integers([Int])
    case dictionary(OptionDictionary)
}

extension String: OptionValue, OptionListItem {
    public static var optionType: OptionType { .string }
    public static var optionListType: OptionType { .list(.string, bounded: false) }

    public init?(stored: StoredValue) {
        guard case .string(let value) = stored else { return nil }
        self = value
    }

    public static func items(stored: StoredValue) -> [String]? {
        guard case .list(let value) = stored else { return nil }
        return value
    }

    public var text: String? { self }
}

extension Bool: OptionValue {
    public static var optionType: OptionType { .boolean }

    public init?(stored: StoredValue) {
        guard case .boolean(let value) = stored else { return nil }
        self = value
    }

    public var text: String? { self ? "true" : "false" }
}

extension Int: OptionValue, OptionListItem {
    public static var optionType: OptionType { .integer }
    public static var optionListType: OptionType { .list(.integer, bounded: false) }

    public init?(stored: StoredValue) {
        guard case .integer(let value) = stored else { return nil }
        self = value
    }

    public static func items(stored: StoredValue) -> [Int]? {
        guard case .integers(let value) = stored else { return nil }
        return value
    }

    public var text: String? { String(self) }
}

extension Double: OptionValue {
    public static var optionType: OptionType { .float }

    public init?(stored: StoredValue) {
        guard case .float(let value) = stored else { return nil }
        self = value
    }

    public var text: String? { String(self) }
}

extension OptionDictionary: OptionValue {
    public static var optionType: OptionType { .dictionary }

    public init?(stored: StoredValue) {
        guard case .dictionary(let value) = stored else { return nil }
        self = value
    }

    public var text: String? { map { "\($0.key):\($0.value)" }.joined(separator: ",") }
}

/// A type that options can be lists of.
public protocol OptionListItem: OptionValue {
    /// How text becomes a list of this type.
    static var optionListType: OptionType { get }
    /// The stored list; nil if the stored value is not a list of this type.
    static func items(stored: StoredValue) -> [Self]?
}

extension Array: OptionValue where Element: OptionListItem {
    public static var optionType: OptionType { Element.optionListType }

    public init?(stored: StoredValue) {
        guard let items = Element.items(stored: stored) else { return nil }
        self = items
    }

    public var text: String? { compactMap(\.text).joined(separator: ",") }
}

/// An option without default: nil until a source sets it.
extension Optional: OptionValue where Wrapped: OptionValue {
    public static var optionType: OptionType { Wrapped.optionType }

    public init?(stored: StoredValue) {
        guard let value = Wrapped(stored: stored) else { return nil }
        self = .some(value)
    }

    public var text: String? { flatMap(\.text) }
}
