import Foundation
import OsloConfig
import TestSupport

@testable import UpgradeCheck

/// A directory with a `glance-api.conf` that is checked, and removed after the test.
struct CheckedSite: ~Copyable {
    let directory: String

    /// Writes a configuration in which `DIR` stands for the directory.
    init(_ text: String) throws {
        directory = NSTemporaryDirectory() + "glance-check-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        try write("glance-api.conf", text, mode: 0o640)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    var configurationFile: String { directory + "/glance-api.conf" }

    func write(_ name: String, _ text: String, mode: Int = 0o644) throws {
        let path = "\(directory)/\(name)"
        try text.replacing("DIR", with: directory).write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    var files: Set<String> {
        get throws { Set(try FileManager.default.subpathsOfDirectory(atPath: directory)) }
    }

    /// - Parameter user: whom files have to let in; whoever runs the tests when nil.
    func check(user: ServiceUser? = nil, timeLimit: Duration = .seconds(20)) async -> CheckReport {
        var sources = ConfigurationSources(program: "glance-api")
        sources.arguments = [.file(configurationFile)]
        sources.environment = ["HOME": directory]
        var check = UpgradeCheck(sources)
        check.timeLimit = timeLimit
        if let user { check.user = user }
        return await check.run()
    }
}

extension CheckReport {
    /// Outcomes and details of one check.
    subscript(check: CheckName) -> [String] {
        results.filter { $0.check == check }.map { "\($0.outcome.name): \($0.details)" }
    }

    /// The only result of a check.
    func only(_ check: CheckName) -> String {
        let lines = self[check]
        return lines.count == 1 ? lines[0] : "\(lines.count) results: \(lines)"
    }
}
