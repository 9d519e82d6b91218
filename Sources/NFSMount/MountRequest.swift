/// What the service asks the mount helper for: a line of text, `check` or `mount EXPORT [OPTIONS]`.
///
/// There is no request to unmount. A mount has no place in any file system; it is a descriptor, and ends with the last one.
package enum MountRequest: Equatable, Sendable {
    /// Whether the helper could mount something at all.
    case check
    /// `options` are those that Cinder tells, with commas between them; empty for none.
    case mount(export: String, options: String)

    /// Bytes of the longest line.
    static let limit = 4096

    /// The line, without its end.
    var text: String {
        switch self {
        case .check: "check"
        case .mount(let export, let options): options.isEmpty ? "mount \(export)" : "mount \(export) \(options)"
        }
    }

    /// Reads a line, with or without its end.
    ///
    /// - Throws: ``MountRefusal`` of the kind `request`.
    init(text: String) throws(MountRefusal) {
        var line = text[...]
        if line.last == "\n" { line = line.dropLast() }
        let words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        switch (words.first, words.count) {
        case ("check", 1): self = .check
        case ("mount", 2), ("mount", 3):
            guard Self.isExport(words[1]) else {
                throw MountRefusal(.request, "an export is host:/path, without blanks and without .. in it")
            }
            self = .mount(export: words[1], options: words.count == 3 ? words[2] : "")
        default: throw MountRefusal(.request, "a request is \"check\" or \"mount EXPORT [OPTIONS]\"")
        }
    }

    /// Whether a text is of the form `host:/path`, and can be nothing else to a program that gets it as an argument.
    package static func isExport(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count <= 1024, bytes.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ",") }),
            let colon = text.firstRange(of: ":/")
        else { return false }
        let host = text[..<colon.lowerBound]
        let path = text[text.index(after: colon.lowerBound)...]
        let isAddress = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        let name = isAddress ? host.dropFirst().dropLast() : host
        let isName =
            !name.isEmpty && name.first != "-"
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
                    true
                case UInt8(ascii: ":"), UInt8(ascii: "%"): isAddress
                default: false
                }
            }
        return isName && !path.split(separator: "/").contains { $0 == ".." || $0 == "." }
    }
}
