import Logging
import Testing

@testable import OsloLog

@Suite struct RedactionTests {
    private static let fernet = "gAAAAA" + String(repeating: "Bc_-1", count: 20)

    @Test(arguments: [
        ("nothing here", "nothing here"),
        ("cannot log in with correct-horse", "cannot log in with ***"),
        ("xcorrect-horsex", "x***x"),
        ("the pin 1234 is wrong, not 12345", "the pin *** is wrong, not 12345"),
        ("postgresql://glance:hunter2@db/glance", "postgresql://glance:***@db/glance"),
        ("http://h/a:b@c and ftp://u:p@h/", "http://h/a:b@c and ftp://u:***@h/"),
        ("https://[::1]:9292/", "https://[::1]:9292/"),
        ("X-Auth-Token: abc, Accept: x", "X-Auth-Token: ***, Accept: x"),
        ("{\"x-subject-token\": \"abc\"}", "{\"x-subject-token\": \"***\"}"),
        ("X-Auth-Token is missing", "X-Auth-Token is missing"),
        ("X-Auth-Token:", "X-Auth-Token:"),
        ("token \(fernet)==, next", "token ***, next"),
        ("gAAAAA short", "gAAAAA short"),
    ])
    func secretsBecomeStars(text: String, expected: String) {
        #expect(Redaction(secrets: ["correct-horse", "1234", ""])(text) == expected)
    }

    @Test func aSecretInsideAnotherDoesNotUncoverTheRest() {
        #expect(Redaction(secrets: ["long-secret", "long-secret-tail"])("long-secret-tail") == "***")
    }

    @Test func linesAndMetadataAndErrorsAreRedacted() throws {
        struct Broken: Error, CustomStringConvertible { let description = "refused opensesame" }
        let fixture = try Fixture(secrets: "password = opensesame")
        fixture.logger().error("tried opensesame", error: Broken(), metadata: ["body": "opensesame"])
        #expect(try fixture.lines().first?.hasSuffix("tried *** body=***: refused ***") == true)
    }
}
