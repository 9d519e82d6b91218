/// Replaces `$name`, `${name}` and `${group.name}` by the values of other options; `$$` and `\$` stand for a dollar.
///
/// A name without group is looked up in the group of the option that refers to it, then in `[DEFAULT]`.
struct Substitution {
    let schema: OptionSchema
    let raw: RawValues
    /// Options on the way to the one being resolved, to notice circles.
    private var path: [OptionKey] = []

    init(schema: OptionSchema, raw: RawValues) {
        self.schema = schema
        self.raw = raw
    }

    /// `text`, which option `key` of `group` has, with every reference replaced.
    mutating func resolve(_ text: String, of key: OptionKey, group: String) throws(ValueError) -> String {
        guard text.utf8.contains(UInt8(ascii: "$")) else { return text }
        if path.contains(key) { throw ValueError("refers to itself") }
        path.append(key)
        defer { path.removeLast() }

        var result = ""
        var rest = text[...]
        while let dollar = rest.firstIndex(of: "$") {
            let after = rest.index(after: dollar)
            if dollar > rest.startIndex, rest[rest.index(before: dollar)] == "\\" {
                result += rest[..<rest.index(before: dollar)] + "$"
                rest = rest[after...]
                continue
            }
            result += rest[..<dollar]
            rest = rest[after...]
            if rest.first == "$" {
                result += "$"
                rest = rest.dropFirst()
            } else if let reference = Self.reference(&rest) {
                result += try value(of: reference, in: group)
            } else {
                result += "$"
            }
        }
        return result + rest
    }

    /// The name after a dollar, taken off the front of `rest`; nil if the dollar begins no reference.
    private static func reference(_ rest: inout Substring) -> String? {
        let braced = rest.first == "{"
        let body = braced ? rest.dropFirst() : rest
        guard let first = body.first, first == "_" || first.isASCII && first.isLetter else { return nil }
        let name = body.prefix { $0 == "_" || $0 == "." || $0.isASCII && ($0.isLetter || $0.isNumber) }
        let end = body[name.endIndex...]
        if braced, end.first != "}" { return nil }
        rest = braced ? end.dropFirst() : end
        return String(name)
    }

    private mutating func value(of reference: String, in group: String) throws(ValueError) -> String {
        let parts = reference.split(separator: ".", maxSplits: 1).map(String.init)
        let entry =
            parts.count == 2
            ? schema[IniFile.normalized(parts[0]), parts[1]]
            : schema[group, reference] ?? schema["DEFAULT", reference]
        guard let entry else {
            throw ValueError("refers to an option that does not exist (write $$ for a plain dollar sign)")
        }
        guard let value = raw.values[entry.key] else { return entry.declaration.defaultText ?? "" }
        return try resolve(value.texts.last ?? "", of: entry.key, group: entry.group)
    }
}
