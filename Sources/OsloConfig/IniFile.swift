import Glibc

/// One configuration file in oslo.config's ini dialect, taken apart but not yet understood.
struct IniFile: Sendable {
    /// One `option = value`, with the line where it begins.
    struct Assignment: Sendable {
        let group: String
        let name: String
        let value: String
        let line: Int
    }

    let path: String
    private(set) var assignments: [Assignment] = []
    /// Sections in the order of their first line, with that line; also those without any option.
    private(set) var sections: [(group: String, line: Int)] = []

    init(path: String, bytes: [UInt8]) throws(ConfigurationError) {
        self.path = path
        var parser = Parser(path: path)
        var rest = bytes[...]
        if rest.starts(with: [0xef, 0xbb, 0xbf]) { rest = rest.dropFirst(3) }
        while !rest.isEmpty {
            let end = rest.firstIndex(of: UInt8(ascii: "\n")) ?? rest.endIndex
            try parser.line(rest[..<end])
            rest = rest[end...].dropFirst()
        }
        parser.flush()
        assignments = parser.assignments
        sections = parser.sections
    }

    /// Group names match without regard to case, except `DEFAULT`.
    static func normalized(_ group: String) -> String { group == "DEFAULT" ? group : group.lowercased() }

    /// The bytes of a file.
    static func read(_ path: String) throws(ConfigurationError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ConfigurationError("cannot open configuration file \(path): \(reason())") }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += chunk[..<count]
            } else if errno != EINTR {
                throw ConfigurationError("cannot read configuration file \(path): \(reason())")
            }
        }
    }

    /// The system's words for `errno`.
    static func reason() -> String { String(cString: strerror(errno)) }
}

/// Takes the lines of one file in order. The dialect is oslo.config's `iniparser`.
private struct Parser {
    let path: String
    var assignments: [IniFile.Assignment] = []
    var sections: [(group: String, line: Int)] = []

    private var number = 0
    private var group: String?
    /// The option whose value the next indented line would continue.
    private var pending: (name: String, value: String, line: Int)?

    init(path: String) { self.path = path }

    mutating func line(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) {
        number += 1
        let line = Self.trimmedEnd(bytes)
        guard let first = line.first else { return flush() }
        switch first {
        case UInt8(ascii: " "), UInt8(ascii: "\t"):
            guard let option = pending else { throw error("this indented line continues nothing") }
            pending = (option.name, option.value + "\n" + (try text(Self.trimmed(line))), option.line)
        case UInt8(ascii: "["):
            flush()
            guard line.last == UInt8(ascii: "]") else { throw error("a section must end with ]") }
            guard line.count > 2 else { throw error("a section needs a name between [ and ]") }
            let name = IniFile.normalized(try text(line.dropFirst().dropLast()))
            group = name
            sections.append((name, number))
        case UInt8(ascii: "#"), UInt8(ascii: ";"):
            flush()
        default:
            flush()
            try option(line)
        }
    }

    private mutating func option(_ line: ArraySlice<UInt8>) throws(ConfigurationError) {
        guard let separator = line.firstIndex(where: { $0 == UInt8(ascii: "=") || $0 == UInt8(ascii: ":") }) else {
            throw error("expected 'option = value', a [section] or a comment")
        }
        let name = try text(Self.trimmed(line[..<separator]))
        if name.isEmpty {
            throw error("there is no option name before the \(line[separator] == UInt8(ascii: "=") ? "=" : ":")")
        }
        if group == nil { throw error("option '\(name)' stands before the first [section]") }
        var value = Self.trimmed(line[(separator + 1)...])
        if let quote = value.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"), value.last == quote {
            value = value.dropFirst().dropLast()
        }
        pending = (name, try text(value), number)
    }

    /// Ends the value that is being collected.
    mutating func flush() {
        if let option = pending, let group {
            assignments.append(.init(group: group, name: option.name, value: option.value, line: option.line))
        }
        pending = nil
    }

    private func text(_ bytes: ArraySlice<UInt8>) throws(ConfigurationError) -> String {
        guard let text = String(validating: bytes, as: UTF8.self) else { throw error("this line is not UTF-8") }
        return text
    }

    private func error(_ what: String) -> ConfigurationError { ConfigurationError("\(path):\(number): \(what)") }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func trimmedEnd(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard let last = bytes.lastIndex(where: { !isBlank($0) }) else { return [] }
        return bytes[...last]
    }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        trimmedEnd(bytes.drop(while: isBlank))
    }
}
