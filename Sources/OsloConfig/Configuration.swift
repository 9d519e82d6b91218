/// The options of all files, the environment and the command line, checked against their declarations.
public struct Configuration: Sendable {
    /// Loads what `program` reads (search path, `--config-file`, `--config-dir`, environment) and validates every value.
    ///
    /// - Throws: ``ConfigurationError`` with file, line, option and what is allowed.
    public static func load(_ sources: ConfigurationSources) throws(ConfigurationError) -> Configuration {
        fatalError("skeleton")
    }

    /// Value of an option: what was set, else a deprecated name's value, else the default.
    public subscript<Value>(option: Option<Value>) -> Value { fatalError("skeleton") }

    /// Value of a driver's option in a store's own group (`[fast]`), else in `[backend_defaults]`, else the default.
    public func value<Value>(_ option: Option<Value>, store: String) -> Value { fatalError("skeleton") }

    /// Whether any source sets the option.
    public func isSet<Value>(_ option: Option<Value>) -> Bool { fatalError("skeleton") }

    /// Unknown, removed, deprecated and not yet honoured options, one line each, for the log.
    public var warnings: [String] { fatalError("skeleton") }

    /// Files in the order in which they were read.
    public var files: [String] { fatalError("skeleton") }

    /// Directories that relative names (policy file, paste file) are searched in: those of the files that were read.
    public var directories: [String] { fatalError("skeleton") }

    /// Values in effect that must never appear in a log or an answer.
    public var secrets: [String] { fatalError("skeleton") }
}

/// Where a program's configuration comes from.
public struct ConfigurationSources: Sendable {
    /// `glance-api`, `glance-manage`, …
    public var program: String
    /// `--config-file PATH` and `--config-dir DIR` in command-line order.
    public var arguments: [Argument] = []
    public var environment: [String: String] = [:]
    /// Command-line overrides of options (`--debug`), by group and option name.
    public var overrides: [(group: String, option: String, value: String)] = []

    public enum Argument: Sendable, Equatable {
        case file(String)
        case directory(String)
    }

    public init(program: String) { self.program = program }
}

/// A start that cannot succeed because of the configuration. `description` is one line for the operator.
public struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    public var description: String

    public init(_ description: String) { self.description = description }
}
