public import Authorization
import Glibc
public import OsloConfig
import Synchronization

/// Who may create, read, update and delete which custom property of images (`property_protection_file`).
///
/// Source: Glance's administration guide, "Property protections".
public final class PropertyProtection: Sendable {
    /// What somebody wants to do with a property.
    enum Operation: String, CaseIterable {
        case create, read, update, delete
    }

    enum Permission: Equatable {
        case everybody
        case nobody
        /// In lower case.
        case roles(Set<String>)
        case policy(String)
    }

    /// A section: for the names in which its expression is found, anywhere.
    private struct Rule: Sendable {
        var pattern: String
        var permissions: [Operation: Permission]
    }

    /// Why a file cannot be used.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String
    }

    private let rules: [Rule]
    /// Nil where the file is only looked at.
    private let authorization: Authorization?
    /// Which rule counts for a name; compiling expressions anew for each property of each image would take its time.
    private let known = Mutex<[String: Int?]>([:])
    private static let mostKnown = 10_000

    /// What the configuration says; nil when it says nothing.
    ///
    /// - Throws: ``Problem`` with file and line.
    public convenience init?(_ configuration: Configuration, authorization: Authorization?) throws(Problem) {
        guard let name = configuration[Options.Default.propertyProtectionFile], !name.isEmpty else { return nil }
        let path = configuration.path(of: name)
        guard let text = Self.read(path) else {
            throw Problem(description: "property_protection_file \(path): \(String(cString: strerror(errno)))")
        }
        try self.init(
            text: text, path: path,
            namesPolicies: configuration[Options.Default.propertyProtectionRuleFormat] == "policies",
            authorization: authorization)
    }

    init(text: String, path: String, namesPolicies: Bool, authorization: Authorization?) throws(Problem) {
        self.authorization = authorization
        var rules: [Rule] = []
        for section in try Self.sections(text, path) {
            let place = "\(path):\(section.line): [\(section.name)]"
            guard (try? Regex(section.name)) != nil else {
                throw Problem(description: "\(place) is not a regular expression")
            }
            var permissions: [Operation: Permission] = [:]
            for operation in Operation.allCases {
                guard let value = section.values[operation.rawValue] else {
                    throw Problem(description: "\(place) does not say who may \(operation.rawValue)")
                }
                permissions[operation] = try Self.permission(value, namesPolicies, "\(place) \(operation.rawValue)")
            }
            guard !rules.contains(where: { $0.pattern == section.name }) else {
                throw Problem(description: "\(place) is there twice")
            }
            rules.append(Rule(pattern: section.name, permissions: permissions))
        }
        self.rules = rules
    }

    /// Whether a caller may do something with a property. What no rule is about is nobody's.
    func allows(_ operation: Operation, _ name: String, for caller: Caller) async -> Bool {
        if name.hasPrefix("os_glance") { return true }
        guard let rule = rule(for: name), let permission = rules[rule].permissions[operation] else { return false }
        switch permission {
        case .everybody: return true
        case .nobody: return false
        case .roles(let roles): return !roles.isDisjoint(with: caller.protectionRoles)
        case .policy(let name): return await authorization?.allows(policy: name, for: caller) ?? false
        }
    }

    /// The first rule in the order of the file.
    private func rule(for name: String) -> Int? {
        if let known = known.withLock({ $0[name] }) { return known }
        let found = rules.firstIndex { rule in
            (try? Regex(rule.pattern)).map { name.firstMatch(of: $0) != nil } ?? false
        }
        known.withLock { known in
            if known.count >= Self.mostKnown { known = [:] }
            known[name] = .some(found)
        }
        return found
    }

    // MARK: The file

    private struct Section {
        var name: String
        var line: Int
        var values: [String: String] = [:]
    }

    private static func sections(_ text: String, _ path: String) throws(Problem) -> [Section] {
        var sections: [Section] = []
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                sections.append(Section(name: String(line.dropFirst().dropLast()), line: index + 1))
                continue
            }
            guard let end = line.firstIndex(where: { $0 == "=" || $0 == ":" }), !sections.isEmpty else {
                throw Problem(description: "\(path):\(index + 1): neither a section nor `operation = who`")
            }
            sections[sections.count - 1].values[trimmed(line[..<end]).lowercased()] =
                trimmed(line[line.index(after: end)...])
        }
        return sections
    }

    private static func permission(
        _ value: String, _ namesPolicies: Bool, _ place: String
    ) throws(Problem) -> Permission {
        let names = value.split(separator: ",").map(trimmed).filter { !$0.isEmpty }
        if names.contains("@"), names.contains("!") {
            throw Problem(description: "\(place): '@' and '!' exclude each other")
        }
        if names.contains("@") { return .everybody }
        if names.isEmpty || names.contains("!") { return .nobody }
        guard namesPolicies else { return .roles(Set(names.map { $0.lowercased() })) }
        guard names.count == 1 else { throw Problem(description: "\(place): only one policy can be named") }
        return .policy(names[0])
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        let blanks: Set<Character> = [" ", "\t", "\r"]
        guard let first = text.firstIndex(where: { !blanks.contains($0) }),
            let last = text.lastIndex(where: { !blanks.contains($0) })
        else { return "" }
        return String(text[first...last])
    }

    private static func read(_ path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { break }
            bytes += part[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension Caller {
    /// The roles that protections look at: those of a service that asks for the user count too, for nothing else.
    fileprivate var protectionRoles: Set<String> {
        guard let identity else { return isAdmin ? ["admin"] : [] }
        return Set((identity.roles + (identity.service?.roles ?? [])).map { $0.lowercased() })
    }
}
