import Foundation
import Logging
import Synchronization
import Testing

@testable import Events

@Suite struct EventsTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    @Test func idsAreUniqueAndHave32Digits() throws {
        #expect(Set(Event.all.map(\.id)).count == Event.all.count)
        #expect(Set(Event.all.map(\.name)).count == Event.all.count)
        for event in Event.all {
            #expect(event.id.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, "\(event.name)")
            #expect(event.name.wholeMatch(of: #/[a-z]+(-[a-z]+)*/#) != nil, "\(event.name)")
        }
    }

    /// An event that isn't in `Event.all` would have no entry in the catalog.
    @Test func allDeclaredEventsAreAmongAll() throws {
        let directory = Self.root.appending(path: "Sources")
        let files = try #require(FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil))
        let listed = Set(Event.all.map(\.id))
        var declared = 0
        for case let file as URL in files where file.pathExtension == "swift" {
            for match in try String(contentsOf: file, encoding: .utf8).matches(of: #/id: "([0-9a-f]{32})"/#) {
                declared += 1
                #expect(listed.contains(String(match.1)), "\(file.lastPathComponent): \(match.1)")
            }
        }
        #expect(declared == Event.all.count)
    }

    @Test func everyEventIsExplained() {
        for event in Event.all {
            #expect(event.subject.count > 10 && !event.subject.contains("\n"), "\(event.name)")
            #expect(event.explanation.count > 40, "\(event.name)")
        }
    }

    /// `WRITE_SAMPLES=1` in the environment writes the catalog anew.
    @Test func theCatalogIsUpToDate() throws {
        let path = "packaging/journal/openstack-glance.catalog"
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" {
            let file = Self.root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Event.catalog.write(to: file, atomically: true, encoding: .utf8)
        }
        let isCurrent = try Self.text(path) == Event.catalog
        #expect(isCurrent, "\(path) is out of date: run this test with WRITE_SAMPLES=1")
    }

    @Test func catalogEntriesHaveTheFormOfSystemd() throws {
        let text = Event.catalog
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
        let entries = text.matches(
            of: #/-- [0-9a-f]{32}\nSubject: [^\n]+\nDefined-By: openstack-glance\nDocumentation: [^\n]+\n\n[^\n]/#)
        #expect(entries.count == Event.all.count)
    }

    /// `WRITE_SAMPLES=1` in the environment writes the table of events anew; fields are described by hand.
    @Test func theDocumentationHasEveryEventAndField() throws {
        let path = "docs/journal.md"
        let begin = "| event | `MESSAGE_ID` | subject |\n|---|---|---|\n"
        let end = "\n<!-- end of events -->"
        let table = Event.all.map { "| `\($0.name)` | `\($0.id)` | \($0.subject) |" }.joined(separator: "\n")
        var text = try Self.text(path)
        let start = try #require(text.range(of: begin)?.upperBound)
        let stop = try #require(text.range(of: end)?.lowerBound)
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" {
            text.replaceSubrange(start..<stop, with: table)
            try text.write(to: Self.root.appending(path: path), atomically: true, encoding: .utf8)
        } else {
            let isCurrent = text[start..<stop] == table
            #expect(isCurrent, "\(path) is out of date: run this test with WRITE_SAMPLES=1")
        }
        for event in Event.all {
            for field in "\(event.subject) \(event.explanation)".matches(of: #/@([A-Z_]+)@/#) {
                #expect(text.contains("| `\(field.1)` |"), "\(event.name): \(field.1)")
            }
        }
    }

    @Test func anOccurrenceCarriesTheID() {
        let recorder = Recorder()
        let logger = Logger(label: "x") { _ in recorder.handler }
        logger.log(.logEntriesLost, level: .warning, "m", metadata: ["lost": "7"])
        logger.log(.logEntriesLost, level: .debug, "too quiet")
        #expect(recorder.entries == [["message_id": .string(Event.logEntriesLost.id), "lost": "7"]])
    }
}

private final class Recorder: Sendable {
    private let recorded = Mutex<[Logger.Metadata]>([])

    var entries: [Logger.Metadata] { recorded.withLock { $0 } }
    var handler: any LogHandler { Handler(recorder: self) }

    private struct Handler: LogHandler {
        let recorder: Recorder
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.info

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { recorder.recorded.withLock { $0.append(event.metadata ?? [:]) } }
    }
}
