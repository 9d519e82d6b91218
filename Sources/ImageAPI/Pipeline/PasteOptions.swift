import OsloConfig

/// Keys of one paste section, read with oslo's types. They win over the same options of the configuration.
struct PasteOptions {
    let section: String
    let options: [String: String]

    /// A boolean in oslo's spelling; nil when it is not there.
    func flag(_ key: String) throws(ConfigurationError) -> Bool? {
        guard let text = options[key] else { return nil }
        switch text.lowercased() {
        case "true", "1", "on", "yes", "t", "y": return true
        case "false", "0", "off", "no", "f", "n": return false
        default: throw ConfigurationError("paste section '\(section)': \(key) = \(text) is neither true nor false")
        }
    }

    /// A whole number; nil when it is not there.
    func number(_ key: String) throws(ConfigurationError) -> Int? {
        guard let text = options[key] else { return nil }
        guard let number = Int(text), number >= 0 else {
            throw ConfigurationError("paste section '\(section)': \(key) = \(text) is not a whole number")
        }
        return number
    }

    /// Items between commas; nil when the key is not there.
    func list(_ key: String) -> [String]? {
        options[key]?.split(separator: ",").compactMap { item in
            let words = item.split(whereSeparator: \.isWhitespace)
            return words.isEmpty ? nil : words.joined(separator: " ")
        }
    }
}
