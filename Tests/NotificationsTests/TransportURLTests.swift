import Testing

@testable import Notifications

struct TransportURLTests {
    @Test func hostsHaveTheirOwnCredentials() throws {
        let url = try TransportURL("rabbit://a:p%40ss@one:5673,b:q@[::1]:5674,two/cloud%2F1?ssl=1")
        #expect(
            url.hosts == [
                .init(name: "one", port: 5673, user: "a", password: "p@ss"),
                .init(name: "::1", port: 5674, user: "b", password: "q"),
                .init(name: "two", port: 5672, user: "guest", password: "guest"),
            ])
        #expect(url.virtualHost == "cloud/1")
        #expect(url.query == ["ssl": "1"])
    }

    @Test(arguments: ["rabbit://", "rabbit:///"]) func defaultsAreThoseOfOslo(_ text: String) throws {
        let url = try TransportURL(text)
        #expect(url.hosts == [.init(name: "localhost", port: 5672, user: "guest", password: "guest")])
        #expect(url.virtualHost == "/")
    }

    @Test func virtualHostOfTwoSlashesIsTheSlash() throws {
        #expect(try TransportURL("rabbit://h//").virtualHost == "/")
    }

    @Test(arguments: [
        ("secret", TransportURLError.noScheme), ("://h", .noScheme), ("rabbit://u:secret@h:0", .port),
        ("rabbit://u:secret@h:x", .port), ("rabbit://u:secret@h:65536", .port), ("rabbit://u:secret@[::1", .bracket),
        ("rabbit://u:%FFsecret@h", .notUTF8),
    ]) func errorsDoNotHoldThePassword(_ text: String, _ expected: TransportURLError) {
        let error = #expect(throws: TransportURLError.self) { try TransportURL(text) }
        #expect(error == expected)
        #expect("\(error!)".contains("secret") == false)
    }
}
