/// Where a program's configuration comes from.
public struct ConfigurationSources: Sendable {
    /// `glance-api`, `glance-manage`, …
    public var program: String
    /// `--config-file PATH` and `--config-dir DIR` in command-line order.
    public var arguments: [Argument] = []
    /// The environment of the process: `HOME`, `SNAP`, `SNAP_COMMON`, `OS_GLANCE_CONFIG_DIR`, `OS_<GROUP>__<OPTION>`.
    public var environment: [String: String] = [:]
    /// Command-line overrides of options (`--debug`), by group and option name.
    public var overrides: [(group: String, option: String, value: String)] = []

    /// What is parsed in place of any file, if set.
    public var snapshot: ConfigurationSnapshot?

    /// Stands before `/etc` and `/usr/share`, for tests.
    var root = ""

    public enum Argument: Sendable, Equatable {
        case file(String)
        case directory(String)
    }

    public init(program: String) { self.program = program }
}
