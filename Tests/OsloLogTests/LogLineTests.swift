import Foundation
import Logging
import Testing

@testable import OsloLog

@Suite struct LogLineTests {
    private let stamp = #/[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3} /#

    /// The only line, without its time and process id.
    private func rest(_ fixture: Fixture) throws -> String {
        let lines = try fixture.lines()
        try #require(lines.count == 1)
        let match = try #require(try stamp.prefixMatch(in: lines[0]))
        let rest = lines[0][match.range.upperBound...]
        try #require(rest.hasPrefix("\(getpid()) "))
        return String(rest.dropFirst("\(getpid()) ".count))
    }

    @Test func aLineOutsideOfRequestsHasADash() throws {
        let fixture = try Fixture()
        fixture.logger("glance.common").info("started")
        #expect(try rest(fixture) == "INFO glance.common [-] started")
    }

    @Test func aLineOfARequestNamesItAndItsUser() throws {
        let fixture = try Fixture()
        var logger = fixture.logger("glance.api.v2.images")
        logger[metadataKey: LogContext.requestID] = "req-1"
        logger[metadataKey: LogContext.user] = "u1"
        logger[metadataKey: LogContext.project] = "p1"
        logger.warning("text")
        #expect(try rest(fixture) == "WARNING glance.api.v2.images [None req-1 u1 p1 - - - -] text")
    }

    @Test func allPartsOfTheIdentityAppearInOrder() throws {
        let fixture = try Fixture()
        fixture.logger().error(
            "x",
            metadata: [
                "request_id": "req-1", "global_request_id": "req-0", "user": "u", "project": "p", "domain": "d",
                "system_scope": "all", "user_domain": "ud", "project_domain": "pd",
            ])
        #expect(try rest(fixture) == "ERROR glance.api [req-0 req-1 u p d all ud pd] x")
    }

    @Test func otherMetadataFollowsTheMessageAndCannotForgeLines() throws {
        let fixture = try Fixture()
        fixture.logger().info("saved", metadata: ["size": "7", "image_id": "i\n2026 ERROR forged"])
        #expect(try rest(fixture) == "INFO glance.api [-] saved image_id=i\\n2026 ERROR forged size=7")
    }

    @Test func errorsAreSummedUpAtTheEnd() throws {
        struct Broken: Error, CustomStringConvertible { let description = "disk on fire" }
        let fixture = try Fixture()
        fixture.logger().error("upload failed", error: Broken())
        #expect(try rest(fixture) == "ERROR glance.api [-] upload failed: disk on fire")
    }

    @Test func formatsAreTheConfiguredOnes() throws {
        let fixture = try Fixture(
            """
            log_date_format = %Y
            logging_default_format_string = %(asctime)s|%(levelname)-8s|%(msecs)03d|%(levelno)s|%(nothing)s|100%%|%(message)s
            """)
        fixture.logger().notice("m")
        let line = try #require(try fixture.lines().first)
        #expect(try #/20[0-9]{2}\|AUDIT   \|[0-9]{3}\|21\|-\|100%\|m/#.wholeMatch(in: line) != nil, "\(line)")
    }

    @Test func debugLinesEndWithTheirPlace() throws {
        let fixture = try Fixture("debug = true")
        fixture.logger().debug("m")
        #expect(try rest(fixture).hasPrefix("DEBUG glance.api [-] m debugLinesEndWithTheirPlace() "))
        #expect(try rest(fixture).contains("OsloLogTests/LogLineTests.swift:"))
    }

    @Test func jsonLinesAreObjectsWithTheKeysOfOsloLog() throws {
        let fixture = try Fixture("use_json = true")
        fixture.logger().info("a \"b\"\n\u{1}", metadata: ["request_id": "req-1", "user": "u", "size": "7"])
        let line = try #require(try fixture.lines().first)
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["message"] as? String == "a \"b\"\n\u{1} size=7")
        #expect(object["levelname"] as? String == "INFO")
        #expect(object["name"] as? String == "glance.api")
        #expect(object["process"] as? Int == Int(getpid()))
        #expect(object["context"] as? [String: String] == ["request_id": "req-1", "user": "u"])
        #expect(object["extra"] as? [String: String] == ["size": "7"])
    }

    @Test(arguments: [
        ("plain", [LogFormat.Part.text("plain")]),
        ("%(a)s", [.field(name: "a", width: 0, leftAligned: false, zeroPadded: false)]),
        ("%(a)-5.2s%%", [.field(name: "a", width: 5, leftAligned: true, zeroPadded: false), .text("%")]),
        ("%(a", [.text("%(a")]), ("%", [.text("%")]), ("%(a)y", [.text("%(a)y")]),
    ])
    func formatsAreTakenApart(format: String, parts: [LogFormat.Part]) {
        #expect(LogFormat(format).parts == parts)
    }
}
