import Glibc

/// The files that override built-in rules, as they were at one moment.
struct PolicyFiles: Sendable {
    /// Files in the order in which they apply.
    private var files: [String] = []
    /// Everything that was looked at, present or not.
    private var stamps: [(path: String, stamp: FileStamp?)] = []

    /// Looks which files there are: the first of `candidates` that exists, then the regular files of each directory in sorted
    /// order, without those whose name begins with a dot. Neither file nor directories need to exist; one that is made later
    /// counts as a change, wherever of its places it is made.
    ///
    /// - Parameters:
    ///   - candidates: where the policy file may be.
    ///   - directories: for each directory, where it may be.
    init(files candidates: [String], directories: [[String]]) {
        if let (file, _) = firstExisting(candidates) { files.append(file) }
        for places in directories {
            guard let (directory, stamp) = firstExisting(places), stamp.isDirectory else { continue }
            for name in Self.names(in: directory).sorted() where !name.hasPrefix(".") {
                let path = directory + "/" + name
                if note(path)?.isRegularFile == true { files.append(path) }
            }
        }
    }

    /// Places behind the one that exists are of no interest: while that does not change, they do not count. Of places in a
    /// directory that does not exist only the directory is looked at, once for all.
    private mutating func firstExisting(_ places: [String]) -> (path: String, stamp: FileStamp)? {
        for place in places {
            if let directory = place.lastIndex(of: "/").map({ String(place[..<$0]) }), !directory.isEmpty {
                if stamps.contains(where: { $0.path == directory && $0.stamp == nil }) { continue }
                if FileStamp(path: directory) == nil, note(directory) == nil { continue }
            }
            if let stamp = note(place) { return (place, stamp) }
        }
        return nil
    }

    /// Remembers the state of `path` before it is read, so that a change during the reading is seen afterwards.
    private mutating func note(_ path: String) -> FileStamp? {
        let stamp = FileStamp(path: path)
        stamps.append((path, stamp))
        return stamp
    }

    /// Whether nothing changed since. One `stat` for each file and directory.
    var areCurrent: Bool { stamps.allSatisfy { FileStamp(path: $0.path) == $0.stamp } }

    /// The rules of all files, a later file overriding an earlier one.
    func rules() throws(PolicyError) -> [String: Check] {
        var rules: [String: Check] = [:]
        for path in files {
            rules.merge(try Self.rules(inFile: path)) { $1 }
        }
        return rules
    }

    private static func rules(inFile path: String) throws(PolicyError) -> [String: Check] {
        let text = try text(ofFile: path)
        let document: YAMLDocument
        do {
            document = try YAMLDocument(text)
        } catch {
            throw .badFile(path: path, reason: error.reason)
        }
        guard let root = document.root, !root.isNull else { return [:] }
        guard let pairs = root.pairs else {
            throw .badFile(path: path, reason: "not a mapping of rule names to expressions")
        }
        var rules: [String: Check] = [:]
        // Of a rule that occurs again the last one counts, as in oslo.policy.
        for (key, value) in pairs {
            guard let name = key.text else {
                throw .badFile(path: path, reason: "a rule's name must be text")
            }
            do {
                rules[name] = try check(value)
            } catch {
                throw .badRule(name: name, reason: "\(error.reason) (\(path), line \(value.line))")
            }
        }
        return rules
    }

    private static func check(_ node: YAMLDocument.Node) throws(RuleFault) -> Check {
        if node.isNull { return .always }
        if let text = node.text { return try CheckParser.parse(text) }
        guard let items = node.items else { throw RuleFault("neither an expression nor a list") }
        var list: [[String]] = []
        for inner in items {
            if inner.isNull { continue }
            if let text = inner.text {
                list.append(text.isEmpty ? [] : [text])
            } else if let checks = inner.items {
                list.append(checks.compactMap(\.text))
                guard list.last?.count == checks.count else { throw RuleFault("lists nest more than two deep") }
            } else {
                throw RuleFault("a list must hold checks or lists of checks")
            }
        }
        // A list of empty lists names no alternative at all, which is not the same as an empty list.
        if list.isEmpty, !items.isEmpty { return .never }
        return try CheckParser.parse(list: list)
    }

    private static func text(ofFile path: String) throws(PolicyError) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .badFile(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 65536, alignment: 1)
        defer { chunk.deallocate() }
        while true {
            let count = read(descriptor, chunk.baseAddress, chunk.count)
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw .badFile(path: path, reason: String(cString: strerror(errno)))
            }
            bytes += chunk[..<count]
        }
        guard String(validating: bytes, as: UTF8.self) != nil else {
            throw .badFile(path: path, reason: "not UTF-8 text")
        }
        return bytes
    }

    private static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names
    }
}
