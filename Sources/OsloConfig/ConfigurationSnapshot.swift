/// The texts that a configuration was read from, so that another process can have the very same configuration when the files
/// have changed since.
///
/// It is written as records `KIND LENGTH`, line end, so many bytes, line end. Readers pass over records of kinds that they
/// do not know: another version may have written them.
public struct ConfigurationSnapshot: Sendable, Equatable {
    /// A file with its text.
    public struct File: Sendable, Equatable {
        public let path: String
        public let bytes: [UInt8]

        public init(path: String, bytes: [UInt8]) {
            self.path = path
            self.bytes = bytes
        }
    }

    /// Configuration files in reading order.
    private(set) var files: [File] = []
    /// ``Configuration/directories``
    private(set) var directories: [String] = []
    /// Files that options lead to, by what they are for (`paste`).
    public var attachments: [String: File] = [:]

    init() {}

    /// Reads the files that were found.
    init(_ found: ConfigurationFiles) throws(ConfigurationError) {
        for path in found.paths { files.append(File(path: path, bytes: try IniFile.read(path))) }
        directories = found.directories
    }

    private enum Kind: String {
        case directory, file, attachment, path, text
    }

    /// Reads what ``bytes`` has written.
    ///
    /// - Throws: ``ConfigurationError`` when something is cut off.
    public init(bytes: [UInt8]) throws(ConfigurationError) {
        var rest = bytes[...]
        var (name, path): (String?, String) = (nil, "")
        while !rest.isEmpty {
            let head = String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            let words = head.split(separator: " ")
            rest = rest.dropFirst(head.utf8.count + 1)
            guard words.count == 2, let length = Int(words[1]), length >= 0, length < rest.count else {
                throw ConfigurationError("the configuration that was handed over is cut off")
            }
            let content = Array(rest.prefix(length))
            let text = { String(decoding: content, as: UTF8.self) }
            rest = rest.dropFirst(length + 1)
            switch Kind(rawValue: String(words[0])) {
            case .directory: directories.append(text())
            case .file: (name, path) = (nil, text())
            case .attachment: name = text()
            case .path: path = text()
            case .text:
                let file = File(path: path, bytes: content)
                if let name { attachments[name] = file } else { files.append(file) }
            case nil: break
            }
        }
    }

    /// For ``init(bytes:)``.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        func add(_ kind: Kind, _ content: some Collection<UInt8>) {
            result += "\(kind.rawValue) \(content.count)\n".utf8
            result += content
            result.append(UInt8(ascii: "\n"))
        }
        for directory in directories { add(.directory, directory.utf8) }
        for file in files {
            add(.file, file.path.utf8)
            add(.text, file.bytes)
        }
        for (name, file) in attachments.sorted(by: { $0.key < $1.key }) {
            add(.attachment, name.utf8)
            add(.path, file.path.utf8)
            add(.text, file.bytes)
        }
        return result
    }
}
