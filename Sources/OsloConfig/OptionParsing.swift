import Glibc

extension OptionDeclaration {
    /// The value that `text` stands for; nil for an empty one, which means "unset", unless the declaration says that an
    /// empty text is a value: an option that has a default text, whose place the empty one takes.
    ///
    /// oslo.config does the same for numbers. An empty string or list stays empty there, and the code that reads it takes
    /// it for unset (`if CONF.cafile`), which comes to the same.
    ///
    /// - Throws: ``ValueError`` with what is wrong, without the value itself.
    func parse(_ text: String) throws(ValueError) -> StoredValue? {
        if !takesEmpty && text.trimmed.isEmpty { return nil }
        switch type {
        case .string: return .string(try checked(text))
        case .boolean: return .boolean(try Self.boolean(text))
        case .integer, .port:
            let number = text.trimmed
            if number.isEmpty { return nil }
            return .integer(try checked(Self.integer(number)))
        case .float:
            let number = text.trimmed
            if number.isEmpty { return nil }
            guard let value = Double(String(number)), value.isFinite else { throw ValueError("is not a number") }
            return .float(value)
        case .host: return .string(try Self.host(text))
        case .uri: return .string(try Self.uri(text))
        case .byteCount: return .integer(try Self.byteCount(text.trimmed))
        case .fileMode:
            guard let mode = Int(String(text.trimmed), radix: 8), (0...0o7777).contains(mode) else {
                throw ValueError("is not a file mode in octal digits")
            }
            return .integer(mode)
        case .list(let item, let bounded): return try Self.list(text, of: item, bounded: bounded)
        case .dictionary: return .dictionary(try Self.dictionary(text))
        case .multi: return .list([text])
        }
    }

    /// Whether an empty text is a value of its own.
    private var takesEmpty: Bool {
        if choices.contains("") { return true }
        return defaultText.map { !$0.isEmpty } ?? false
    }

    /// What a correct value looks like, for messages and the sample file.
    var allowed: String {
        if !choices.isEmpty { return "one of " + choices.map { $0.isEmpty ? "''" : $0 }.joined(separator: ", ") }
        switch type {
        case .string: return maximum.map { "text of at most \($0) characters" } ?? "text"
        case .boolean: return "true or false"
        case .integer:
            switch (minimum, maximum) {
            case (let least?, let greatest?): return "a whole number from \(least) to \(greatest)"
            case (let least?, nil): return "a whole number, at least \(least)"
            case (nil, let greatest?): return "a whole number, at most \(greatest)"
            case (nil, nil): return "a whole number"
            }
        case .float: return "a number"
        case .port: return "a port number from 0 to 65535"
        case .host: return "an IP address or host name"
        case .uri: return "a URI with scheme and host"
        case .byteCount: return "a number of bytes, optionally with B, KB, MB, GB or TB"
        case .fileMode: return "a file mode in octal digits"
        case .list(let item, let bounded):
            let items = item == .integer ? "whole numbers" : item == .host ? "IP addresses or host names" : "items"
            return bounded ? "\(items) between commas, in square brackets" : "\(items) between commas"
        case .dictionary: return "key:value pairs between commas"
        case .multi: return "text; may be given several times"
        }
    }

    private func checked(_ text: String) throws(ValueError) -> String {
        if let maximum, text.unicodeScalars.count > maximum { throw ValueError("is too long") }
        if choices.isEmpty { return text }
        guard let choice = choices.first(where: { $0.lowercased() == text.lowercased() }) else {
            throw ValueError("is not an allowed value")
        }
        return choice
    }

    private func checked(_ value: Int) throws(ValueError) -> Int {
        let greatest = type == .port ? 65535 : maximum ?? .max
        let least = type == .port ? 0 : minimum ?? .min
        if value < least { throw ValueError("is too small") }
        if value > greatest { throw ValueError("is too large") }
        if !choices.isEmpty, !choices.contains(String(value)) { throw ValueError("is not an allowed value") }
        return value
    }

    private static func boolean(_ text: String) throws(ValueError) -> Bool {
        switch text.lowercased() {
        case "true", "1", "on", "yes": return true
        case "false", "0", "off", "no": return false
        default: throw ValueError("is neither true nor false")
        }
    }

    private static func integer(_ text: Substring) throws(ValueError) -> Int {
        if let value = Int(text) { return value }
        let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text
        let isNumber =
            !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        throw ValueError(isNumber ? "does not fit into 64 bits" : "is not a whole number")
    }

    /// `10`, `10 GB`: the units of Glance's user_storage_quota.
    private static func byteCount(_ text: Substring) throws(ValueError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        guard let count = Int(digits) else { throw ValueError("does not begin with a whole number") }
        let units = ["": 0, "B": 0, "KB": 10, "MB": 20, "GB": 30, "TB": 40]
        guard let shift = units[text.dropFirst(digits.count).drop { $0 == " " }.uppercased()] else {
            throw ValueError("has an unknown unit")
        }
        let (bytes, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        if overflow { throw ValueError("does not fit into 64 bits") }
        return bytes
    }

    private static func host(_ text: String) throws(ValueError) -> String {
        var address = in6_addr()
        if inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1 { return text }
        let labels = (text.hasSuffix(".") ? text.dropLast() : text[...]).split(
            separator: ".", omittingEmptySubsequences: false)
        let valid =
            text.utf8.count <= 253 && labels.allSatisfy(isHostLabel)
            && labels.last?.contains { !("0"..."9").contains($0) } == true
        if !valid { throw ValueError("is neither an IP address nor a host name") }
        return text
    }

    /// RFC 1123 labels, and the underscore that container networks use.
    private static func isHostLabel(_ label: Substring) -> Bool {
        (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
            && label.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }

    private static func uri(_ text: String) throws(ValueError) -> String {
        let bytes = Array(text.utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), colon > 0,
            bytes[colon...].starts(with: "://".utf8), bytes.count > colon + 3, bytes[colon + 3] != UInt8(ascii: "/"),
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f })
        else { throw ValueError("is not a URI with scheme and host") }
        return text
    }

    private static func list(_ text: String, of item: OptionType.Item, bounded: Bool) throws(ValueError) -> StoredValue
    {
        var body = text.trimmed
        while body.last == "," { body = body.dropLast() }
        if bounded {
            guard body.first == "[" else { throw ValueError("does not start with [") }
            guard body.last == "]", body.count > 1 else { throw ValueError("does not end with ]") }
            body = body.dropFirst().dropLast()
        }
        var items = body.isEmpty ? [] : body.split(separator: ",", omittingEmptySubsequences: false).map(\.trimmed)
        if bounded { items = try unquoted(items) }
        switch item {
        case .string: return .list(items.map(String.init))
        case .host:
            var hosts: [String] = []
            for item in items { hosts.append(try host(String(item))) }
            return .list(hosts)
        case .integer:
            var numbers: [Int] = []
            for item in items { numbers.append(try integer(item)) }
            return .integers(numbers)
        }
    }

    /// Items of a bounded list without their quotes; a quoted item may contain commas.
    private static func unquoted(_ parts: [Substring]) throws(ValueError) -> [Substring] {
        var items: [Substring] = []
        var open: Substring?
        for part in parts {
            let item = open.map { "\($0),\(part)"[...] } ?? part
            open = nil
            guard let quote = item.first, quote == "\"" || quote == "'" else {
                items.append(item)
                continue
            }
            if item.count > 1, item.last == quote {
                items.append(item.dropFirst().dropLast())
            } else {
                open = item
            }
        }
        if open != nil { throw ValueError("has a quote that is not closed") }
        return items
    }

    private static func dictionary(_ text: String) throws(ValueError) -> OptionDictionary {
        var result: OptionDictionary = [:]
        let body = text.trimmed
        if body.isEmpty { return result }
        for pair in body.split(separator: ",", omittingEmptySubsequences: false) {
            guard let colon = pair.firstIndex(of: ":") else { throw ValueError("has an item without a colon") }
            let key = pair[..<colon].trimmed
            if key.isEmpty { throw ValueError("has an item without a key") }
            let added = result.append(key: String(key), value: String(pair[pair.index(after: colon)...].trimmed))
            if !added { throw ValueError("has the key \(key) twice") }
        }
        return result
    }
}

/// Why a text is not a value of an option's type: the end of a sentence whose subject is the value.
struct ValueError: Error {
    let reason: String

    init(_ reason: String) { self.reason = reason }
}

extension StringProtocol where SubSequence == Substring {
    /// Without blanks, tabs and line ends at both ends.
    var trimmed: Substring {
        var result = self[startIndex..<endIndex]
        while let first = result.first, first.isASCII, first.isWhitespace { result.removeFirst() }
        while let last = result.last, last.isASCII, last.isWhitespace { result.removeLast() }
        return result
    }
}
