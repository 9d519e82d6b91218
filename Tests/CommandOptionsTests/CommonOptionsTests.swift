import ArgumentParser
import OsloConfig
import Testing

@testable import CommandOptions

struct CommonOptionsTests {
    @Test func keepsTheOrderOfFilesAndDirectories() throws {
        let words = ["--config-file", "a", "--config-dir=b", "-d", "--config-file=c=d", "--", "--config-file", "e"]
        #expect(CommonOptions.inOrder(words) == [.file("a"), .directory("b"), .file("c=d")])
    }

    @Test func overridesOptions() throws {
        let words = ["-d", "--nodebug", "--logfile", "x.log", "--use-syslog", "--log_config", "y"]
        let sources = try CommonOptions.parse(words).sources(program: "p", arguments: words, environment: [:])
        #expect(
            sources.overrides.map { "\($0.group) \($0.option) \($0.value)" } == [
                "DEFAULT debug false", "DEFAULT use_syslog true", "DEFAULT log_file x.log",
                "DEFAULT log_config_append y",
            ])
    }

    @Test func leavesOutWhatWasNotSaid() throws {
        let sources = try CommonOptions.parse([]).sources(program: "p", arguments: [], environment: ["A": "b"])
        #expect(sources.overrides.isEmpty && sources.arguments.isEmpty)
        #expect(sources.environment == ["A": "b"])
    }
}
