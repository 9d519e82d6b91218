import Foundation
import Logging
import OsloConfig
import TestSupport

@testable import OsloLog

/// Loggers of a configuration that end in a file, without touching the process's own logging.
final class Fixture {
    let directory: String
    let system: LogSystem

    var path: String { directory + "/glance-api.log" }

    /// - Parameter options: lines for `[DEFAULT]`.
    init(_ options: String = "", secrets: String = "") throws {
        directory = FileManager.default.temporaryDirectory.path + "/oslo-log-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        system = LogSystem(try Self.settings(options, secrets, directory))
    }

    /// Of a configuration with `use_journal`, and the journal that gets its entries.
    static func withJournal(_ options: String = "", secrets: String = "") throws -> (Fixture, JournalReceiver) {
        let fixture = try Fixture()
        let receiver = try JournalReceiver(path: fixture.journal)
        fixture.system.apply(try settings("use_journal = true\n" + options, secrets, fixture.directory))
        return (fixture, receiver)
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    /// A record of which only the level matters.
    static func record(_ level: Logger.Level) -> LogRecord {
        LogRecord(
            logger: "glance.api", level: level, time: LogClock.now(), message: "", eventID: nil, error: nil,
            context: [:],
            extra: [], file: "Room/File.swift", function: "f()", line: 1)
    }

    func apply(_ options: String) throws { system.apply(try Self.settings(options, "", directory)) }

    func logger(_ label: String = "glance.api", isGathered: Bool = false) -> Logger {
        Logger(label: label) { OsloLogHandler(label: $0, system: self.system, isGathered: isGathered) }
    }

    /// The last parts of the lines, of which each is a word and a number.
    func messages() throws -> [String] {
        try lines().map { $0.split(separator: " ").suffix(2).joined(separator: " ") }
    }

    func text(_ name: String = "glance-api.log") throws -> String {
        try String(contentsOfFile: directory + "/" + name, encoding: .utf8)
    }

    func lines() throws -> [String] { try text().split(separator: "\n").map(String.init) }

    /// Where the configuration looks for the journal.
    var journal: String { directory + "/journal" }

    private static func settings(_ options: String, _ secrets: String, _ directory: String) throws -> LogSettings {
        let text = "[DEFAULT]\nlog_dir = \(directory)\n\(options)\n[keystone_authtoken]\n\(secrets)\n"
        return try LogSettings(
            configuration: Configuration(text: text), program: "glance-api", journal: directory + "/journal",
            isStandardErrorJournal: false)
    }
}
