import Foundation

@testable import OsloConfig

/// A directory of configuration files that exists as long as the test.
final class Scratch {
    let path: String

    init() {
        path = FileManager.default.temporaryDirectory.path + "/oslo-config-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file, making its directory; gives its path.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        let file = path + "/" + name
        let directory = (file as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }

    /// Sources that search below this directory, not in the machine's own directories.
    func sources(_ program: String = "glance-api", _ arguments: ConfigurationSources.Argument...)
        -> ConfigurationSources
    {
        var sources = ConfigurationSources(program: program)
        sources.arguments = arguments
        sources.environment = ["HOME": path]
        sources.root = path + "/root"
        return sources
    }
}

extension IniFile {
    init(text: String) throws(ConfigurationError) { try self.init(path: "test.conf", bytes: Array(text.utf8)) }

    var pairs: [String] { assignments.map { "\($0.group)/\($0.name)=\($0.value)" } }
}
