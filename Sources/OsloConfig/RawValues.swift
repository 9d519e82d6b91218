/// The texts that the sources give to options, before substitution and typing.
struct RawValues {
    /// What won for one option.
    struct Value {
        let entry: OptionSchema.Entry
        /// One text; several only for multi-valued options.
        var texts: [String]
        /// Where the (last) text stands: `file:line`, an environment variable or the command line.
        var origin: Origin
        /// Rank of the source, so that within one file the option's own name beats its old names.
        var source: Int
        var isOldName: Bool
    }

    enum Origin: CustomStringConvertible {
        case file(String, line: Int)
        case environment(String)
        case commandLine(String)

        var description: String {
            switch self {
            case .file(let path, let line): "\(path):\(line)"
            case .environment(let name): "environment variable \(name)"
            case .commandLine(let name): "command line (\(name))"
            }
        }
    }

    private(set) var values: [OptionKey: Value] = [:]

    /// Takes one occurrence of an option. Occurrences come in the order of precedence, the strongest last.
    mutating func set(_ entry: OptionSchema.Entry, text: String, origin: Origin, source: Int, replacing: Bool) {
        let new = Value(entry: entry, texts: [text], origin: origin, source: source, isOldName: entry.isOldName)
        guard var present = values[entry.key] else {
            values[entry.key] = new
            return
        }
        if entry.declaration.type == .multi, !replacing {
            present.texts.append(text)
            present.origin = origin
            values[entry.key] = present
        } else if present.source < source || present.isOldName || !entry.isOldName {
            values[entry.key] = new
        }
    }
}
