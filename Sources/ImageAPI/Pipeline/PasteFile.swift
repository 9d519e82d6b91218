import OsloConfig

/// The sections of a `glance-api-paste.ini` (PasteDeploy's ini dialect), as written: nothing resolved yet.
struct PasteFile: Sendable, Equatable {
    /// `[filter:authtoken]` is kind `filter`, name `authtoken`.
    struct Section: Sendable, Equatable {
        var kind: String
        var name: String
        var keys: [(name: String, value: String)]

        subscript(key: String) -> String? {
            keys.last { $0.name == key }?.value
        }

        static func == (left: Self, right: Self) -> Bool {
            left.kind == right.kind && left.name == right.name && left.keys.elementsEqual(right.keys, by: ==)
        }
    }

    private(set) var sections: [Section] = []
    /// Where it came from, for messages.
    let path: String

    /// The section of an application, filter or pipeline.
    func section(_ kinds: [String], _ name: String) -> Section? {
        sections.first { kinds.contains($0.kind) && $0.name == name }
    }

    /// - Parameters:
    ///   - path: for messages and `%(here)s`.
    /// - Throws: ``ConfigurationError`` with file and line.
    init(parsing text: String, path: String) throws(ConfigurationError) {
        self.path = path
        var defaults = [(name: "here", value: Self.directory(of: path)), (name: "__file__", value: path)]
        var isDefault = false
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let content = Self.trim(line)
            if content.isEmpty || content.hasPrefix("#") || content.hasPrefix(";") { continue }
            func failure(_ reason: String) -> ConfigurationError {
                ConfigurationError("\(path):\(index + 1): \(reason)")
            }
            if line.first == " " || line.first == "\t" {
                guard let section = sections.indices.last, let key = sections[section].keys.indices.last, !isDefault
                else {
                    throw failure("a line that begins with a blank continues the value above it, and there is none")
                }
                sections[section].keys[key].value += "\n\(content)"
                continue
            }
            if content.hasPrefix("[") {
                guard content.hasSuffix("]"), content.count > 2 else {
                    throw failure("a section is written [kind:name]")
                }
                let title = Self.trim(content.dropFirst().dropLast())
                isDefault = title == "DEFAULT"
                if !isDefault { sections.append(Self.section(title)) }
                continue
            }
            guard let separator = Self.separator(in: content), separator != content.startIndex else {
                throw failure("expected 'key = value'")
            }
            let entry = (
                name: String(Self.trim(content[..<separator])),
                value: String(Self.trim(content[content.index(after: separator)...]))
            )
            if isDefault {
                defaults.append(entry)
            } else if let section = sections.indices.last {
                sections[section].keys.append(entry)
            } else {
                throw failure("'\(entry.name)' stands before any section")
            }
        }
        try interpolate(defaults)
    }

    /// Replaces `%(name)s` by keys of `[DEFAULT]`, and `%%` by `%`.
    private mutating func interpolate(_ defaults: [(name: String, value: String)]) throws(ConfigurationError) {
        for section in sections.indices {
            for key in sections[section].keys.indices where sections[section].keys[key].value.contains("%") {
                var result = ""
                var rest = sections[section].keys[key].value[...]
                while let percent = rest.firstIndex(of: "%") {
                    result += rest[..<percent]
                    rest = rest[rest.index(after: percent)...]
                    if rest.hasPrefix("%") {
                        result += "%"
                        rest = rest.dropFirst()
                    } else if rest.hasPrefix("("), let end = rest.firstIndex(of: ")") {
                        let name = rest[rest.index(after: rest.startIndex)..<end]
                        guard let value = defaults.last(where: { $0.name == name })?.value,
                            rest[rest.index(after: end)...].hasPrefix("s")
                        else {
                            throw ConfigurationError(
                                "\(path): [\(sections[section].kind):\(sections[section].name)] uses %(\(name))s, which is "
                                    + "not defined")
                        }
                        result += value
                        rest = rest[rest.index(after: end)...].dropFirst()
                    } else {
                        result += "%"
                    }
                }
                sections[section].keys[key].value = result + rest
            }
        }
    }

    /// PasteDeploy names keys with a colon too (`/v2: apiv2app`), and paths hold none: the first of `=` and `:` separates.
    private static func separator(in line: Substring) -> Substring.Index? {
        line.firstIndex { $0 == "=" || $0 == ":" }
    }

    private static func section(_ title: Substring) -> Section {
        let parts = title.split(separator: ":", maxSplits: 1)
        guard parts.count == 2 else { return Section(kind: "app", name: String(title), keys: []) }
        return Section(kind: String(trim(parts[0])), name: String(trim(parts[1])), keys: [])
    }

    private static func directory(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    }

    private static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.first, first.isWhitespace { text = text.dropFirst() }
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return text
    }

    static func == (left: Self, right: Self) -> Bool { left.sections == right.sections }
}
