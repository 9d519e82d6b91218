import Glibc

/// The options of all files, the environment and the command line, checked against their declarations.
///
/// Values are typed once, at load; a read is one lookup by a number and copies share everything.
public struct Configuration: Sendable {
    /// What a configuration knows; the same for all copies.
    struct Storage: Sendable {
        var values: [OptionKey: StoredValue] = [:]
        /// Whether stores are those of `enabled_backends`.
        var usesBackends = false
        var corsSections: [String] = []
        var files: [String] = []
        var directories: [String] = []
        var findings: [ConfigurationFinding] = []
        var filesWithSecrets: Set<String> = []
        var notices: [String] = []
        var snapshot = ConfigurationSnapshot()
        private(set) var secrets: [String] = []

        mutating func addSecret(_ text: String) {
            if !text.isEmpty, !secrets.contains(text) { secrets.append(text) }
        }
    }

    /// Holds the storage, so that copying a configuration is one retain.
    private final class Box: Sendable {
        let storage: Storage

        init(_ storage: Storage) { self.storage = storage }
    }

    private let box: Box
    private var storage: Storage { box.storage }

    private init(_ storage: Storage) { box = Box(storage) }

    /// Loads what `program` reads (search path, `--config-file`, `--config-dir`, environment) and validates every value.
    ///
    /// - Throws: ``ConfigurationError`` with file, line, option and what is allowed.
    public static func load(_ sources: ConfigurationSources) throws(ConfigurationError) -> Configuration {
        Configuration(try ConfigurationLoader.load(sources))
    }

    /// The configuration that a single file with this text would give, without looking at any file or the environment.
    ///
    /// - Throws: ``ConfigurationError`` as ``load(_:)`` does; `path` is the name of the file in messages.
    public init(text: String, path: String = "glance-api.conf") throws(ConfigurationError) {
        let file = try IniFile(path: path, bytes: Array(text.utf8))
        self.init(try ConfigurationLoader.load(ConfigurationSources(program: "glance-api"), files: [file]))
    }

    /// Value of an option: what was set, else a deprecated name's value, else the default.
    public subscript<Value>(option: Option<Value>) -> Value {
        box.storage.values[option.declaration.key].flatMap(Value.init(stored:)) ?? option.default
    }

    /// Value of a driver's option in a store's own group (`[fast]`), else in `[backend_defaults]`, else the default.
    ///
    /// Without `enabled_backends` the only group is `[glance_store]`, whichever store is asked for.
    public func value<Value>(_ option: Option<Value>, store: String) -> Value {
        guard storage.usesBackends || store.hasPrefix("os_glance_") else { return self[option] }
        return value(in: store, option) ?? value(in: "backend_defaults", option) ?? option.default
    }

    /// Value of an option in a group of the same kind as its own (`[cors.example]`, an `auth_section`), else in its own.
    public func value<Value>(_ option: Option<Value>, group: String) -> Value {
        value(in: group, option) ?? self[option]
    }

    /// Whether any source sets the option.
    public func isSet<Value>(_ option: Option<Value>) -> Bool { storage.values[option.declaration.key] != nil }

    /// Whether any source sets the option for a store, in its own group or for all.
    public func isSet<Value>(_ option: Option<Value>, store: String) -> Bool {
        guard storage.usesBackends || store.hasPrefix("os_glance_") else { return isSet(option) }
        return value(in: store, option) ?? value(in: "backend_defaults", option) != nil
    }

    private func value<Value>(in group: String, _ option: Option<Value>) -> Value? {
        storage.values[OptionKey(group: IniFile.normalized(group), name: option.name)].flatMap(Value.init(stored:))
    }

    /// Names of the sections `[cors.<name>]`, with their prefix, in the order of the files.
    public var corsSections: [String] { storage.corsSections }

    /// Unknown, removed, deprecated and not yet honoured options, in the order of the sources.
    public var findings: [ConfigurationFinding] { storage.findings }

    /// The texts of ``findings``, one line each, for the log.
    public var warnings: [String] { findings.map(\.text) }

    /// Options that are left to a default that was another one in Zed, one line each.
    public var changedDefaults: [String] {
        ChangedOption.all.filter { storage.values[$0.declaration.key] == nil }.map(\.text)
    }

    /// Whether a file of ``files`` says something that ``secrets`` holds.
    public func holdsSecrets(_ file: String) -> Bool { storage.filesWithSecrets.contains(file) }

    /// What the operator should know about the choice of files, one line each, for the log.
    public var notices: [String] { storage.notices }

    /// The texts that the configuration was read from.
    public var snapshot: ConfigurationSnapshot { storage.snapshot }

    /// Files in the order in which they were read.
    public var files: [String] { storage.files }

    /// Directories that relative names (policy file, paste file) are searched in: `--config-dir`, those of the files
    /// that were read (the last first), then the search path.
    public var directories: [String] { storage.directories }

    /// Where a file or directory of the configuration is, or would be: an absolute name as it stands, others in the
    /// first of ``directories`` that has them. Directories that can't be searched are not among those.
    public func path(of name: String) -> String {
        let candidates = paths(of: name)
        return candidates.first { access($0, F_OK) == 0 } ?? candidates.first ?? name
    }

    /// Everywhere that a file or directory of the configuration may come to be, the first place first.
    public func paths(of name: String) -> [String] {
        name.hasPrefix("/") ? [name] : directories.map { "\($0)/\(name)" }
    }

    /// Values in effect that must never appear in a log or an answer.
    public var secrets: [String] { storage.secrets }
}
