import Events
import Logging
import TestSupport
import Testing

@testable import OsloLog

@Suite struct JournalTests {
    @Test func anEntryHasTheFieldsOfOsloLog() throws {
        let (fixture, journal) = try Fixture.withJournal("syslog_log_facility = LOG_LOCAL3")
        fixture.logger("glance.api.v2.images").warning("text", metadata: ["size": "7"])
        let entry = try #require(try journal.next())
        #expect(entry["MESSAGE"] == "text size=7")
        #expect(entry["PRIORITY"] == "4")
        #expect(entry["SYSLOG_IDENTIFIER"] == "glance-api")
        #expect(entry["SYSLOG_FACILITY"] == "19")
        #expect(entry["LOGGER_NAME"] == "glance.api.v2.images")
        #expect(entry["LOGGER_LEVEL"] == "WARNING")
        #expect(entry["PROCESS_NAME"] == "MainProcess")
        #expect(entry["THREAD_NAME"]?.isEmpty == false)
        #expect(entry["CODE_FILE"] == "OsloLogTests/JournalTests.swift")
        #expect(entry["CODE_LINE"].flatMap(Int.init) != nil)
        #expect(entry["CODE_FUNC"] == "anEntryHasTheFieldsOfOsloLog()")
        #expect(entry["SIZE"] == "7")
        #expect(entry["MESSAGE_ID"] == nil)
    }

    @Test func metadataAreFieldsAndEventsHaveTheirID() throws {
        let (fixture, journal) = try Fixture.withJournal()
        var logger = fixture.logger()
        logger[metadataKey: LogContext.requestID] = "req-1"
        logger[metadataKey: LogContext.projectID] = "p1"
        logger.log(.logEntriesLost, level: .error, "m", metadata: ["image_id": "i1", "duration_ms": "\(7)"])
        let entry = try #require(try journal.next())
        #expect(entry["MESSAGE_ID"] == Event.logEntriesLost.id)
        #expect(entry["REQUEST_ID"] == "req-1")
        #expect(entry["PROJECT_ID"] == "p1")
        #expect(entry["IMAGE_ID"] == "i1")
        #expect(entry["DURATION_MS"] == "7")
        #expect(entry["PRIORITY"] == "3")
        // The file has no use for the event's id.
        #expect(try fixture.lines() == [try #require(fixture.lines().first)])
        #expect(try !fixture.text().contains(Event.logEntriesLost.id))
        #expect(try fixture.text().hasSuffix("[None req-1 - p1 - - - -] m duration_ms=7 image_id=i1\n"))
    }

    @Test func whatClientsSendForgesNoField() throws {
        let (fixture, journal) = try Fixture.withJournal()
        fixture.logger().info(
            "GET /\nPRIORITY=0\nMESSAGE_ID=0", metadata: ["path": "x\nUSER_ID=root", "request_id": "r\nPRIORITY=1"])
        let entry = try #require(try journal.next())
        #expect(entry.fields.filter { $0.name == "PRIORITY" }.map(\.value) == ["6"])
        #expect(entry["MESSAGE_ID"] == nil)
        #expect(entry["USER_ID"] == nil)
        #expect(entry["PATH"] == "x\\nUSER_ID=root")
        #expect(entry["REQUEST_ID"] == "r\\nPRIORITY=1")
        #expect(entry["MESSAGE"]?.hasPrefix("GET /\nPRIORITY=0\nMESSAGE_ID=0 path=") == true)
        // One line, whatever the message says.
        #expect(try fixture.lines().count == 1)
    }

    @Test func metadataCannotTakeTheNameOfTheRecordsOwnFields() throws {
        let (fixture, journal) = try Fixture.withJournal()
        for name in Journal.reserved where name != "MESSAGE_ID" {
            fixture.logger().info("m", metadata: ["\(name.lowercased())": "forged"])
            let entry = try #require(try journal.next())
            #expect(!entry.fields.contains { $0.name == name && $0.value == "forged" })
            #expect(entry["GLANCE_\(name)"] == "forged")
        }
    }

    @Test func noFieldHasASecret() throws {
        struct Broken: Error, CustomStringConvertible { let description = "password=opensesame" }
        let (fixture, journal) = try Fixture.withJournal(secrets: "password = opensesame")
        fixture.logger().error(
            "tried opensesame", error: Broken(),
            metadata: ["body": "opensesame", "user_name": "opensesame", "error": "postgresql://u:hunter2@h/d"])
        let entry = try #require(try journal.next())
        for field in entry.fields {
            #expect(!field.value.contains("opensesame") && !field.value.contains("hunter2"), "\(field)")
        }
        #expect(entry["EXCEPTION_TEXT"] == "password=***")
        #expect(entry["BODY"] == "***")
        #expect(entry["USER_NAME"] == "***")
        #expect(entry["ERROR"] == "postgresql://u:***@h/d")
    }

    @Test func aSlowJournalNeitherBlocksTheCallerNorLosesEntries() throws {
        let (fixture, journal) = try Fixture.withJournal()
        let count = 700
        // More than the queue of a datagram socket, and nobody reads: a blocking send would never return.
        for number in 0..<count { fixture.logger().info("\(number)") }
        let messages = try journal.entries(count: count).compactMap { $0["MESSAGE"] }
        #expect(messages == (0..<count).map(String.init))
    }

    @Test func whatIsTooMuchIsCounted() throws {
        let (fixture, journal) = try Fixture.withJournal()
        let payload = String(repeating: "x", count: 100_000)
        let count = 100
        for _ in 0..<count { fixture.logger().info("\(payload)") }
        var received = 0
        var lost = 0
        while received + lost < count, let entry = try journal.next() {
            if entry["MESSAGE_ID"] == Event.logEntriesLost.id {
                lost += try #require(entry["LOST"].flatMap(Int.init))
            } else {
                received += 1
            }
        }
        #expect(lost > 0)
        #expect(received + lost == count)
    }
}
