import Logging
import TestSupport
import Testing

@testable import OsloConfig
@testable import OsloLog

/// No destination ever shows a secret, wherever in a log statement it stands.
@Suite struct SecretsTests {
    private struct Broken: Error, CustomStringConvertible { let description: String }

    /// Every option that is declared secret with a value of its own, and passwords inside URLs.
    private static let configured: [(group: String, line: String, secret: String)] = {
        let common = Options.common.map { ($0.group, $0) }
        let drivers = Options.drivers.flatMap { driver in driver.options.map { ("glance_store", $0) } }
        let declared = (common + drivers).filter { $0.1.isSecret && $0.1.name != "connection" }.enumerated().map {
            number, entry in
            let secret = "hush-\(number)-hush"
            let value = entry.1.name.hasSuffix("url") ? "rabbit://user:\(secret)@host/" : secret
            return (group: entry.0, line: "\(entry.1.name) = \(value)", secret: secret)
        }
        return declared + [("database", "connection = postgresql://glance:p%40ss-hush@db/glance", "p@ss-hush")]
    }()

    private static let configuration = Dictionary(grouping: configured, by: \.group)
        .map { group, entries in "[\(group)]\n" + entries.map(\.line).joined(separator: "\n") + "\n" }.joined()

    @Test(arguments: ["", "use_json = true"])
    func noConfiguredSecretIsShown(format: String) throws {
        #expect(Self.configured.count > 20)
        let (fixture, journal) = try Fixture.withJournal(format, secrets: Self.configuration)
        for (_, line, secret) in Self.configured {
            try expectNothing(of: secret, in: fixture, journal, line)
        }
        try expectNothing(of: "p%40ss-hush", in: fixture, journal, "the password as the file has it")
    }

    @Test(arguments: [
        ("X-Auth-Token: T0kenOfAUser", "T0kenOfAUser"), ("{'X-Subject-Token': 'T0kenOfAUser'}", "T0kenOfAUser"),
        ("gAAAAAB" + String(repeating: "f3rn3t_-", count: 20), "f3rn3t"),
        ("swift+https://tenant:user:k3yOfSwift@keystone/v3/c/o", "k3yOfSwift"),
        ("https://s3/b/o?X-Amz-Date=1&X-Amz-Signature=s1gn4ture&x=1", "s1gn4ture"),
        ("https://swift/v1/a/c/o?temp_url_sig=s1gn4ture&temp_url_expires=1", "s1gn4ture"),
        ("could not connect to postgresql://glance:0therPassword@db/glance: refused", "0therPassword"),
    ])
    func noCredentialOfOthersIsShown(text: String, secret: String) throws {
        let (fixture, journal) = try Fixture.withJournal()
        try expectNothing(of: secret, in: fixture, journal, text, text: text)
    }

    private func expectNothing(
        of secret: String, in fixture: Fixture, _ journal: JournalReceiver, _ what: String, text: String? = nil
    ) throws {
        let text = text ?? "before \(secret) after"
        fixture.logger().error(
            "\(text)", error: Broken(description: text),
            metadata: ["detail": "\(text)", "user_name": "\(text)", "list": ["a", "\(text)"]])
        let entry = try #require(try journal.next())
        for field in entry.fields { #expect(!field.value.contains(secret), "\(what): \(field.name)") }
        #expect(entry["DETAIL"]?.contains("***") == true)
        #expect(try !fixture.text().contains(secret), "\(what)")
    }
}
