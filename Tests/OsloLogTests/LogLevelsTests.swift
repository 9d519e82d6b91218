import Logging
import Testing

@testable import OsloLog

@Suite struct LogLevelsTests {
    @Test func withoutDebugNothingBelowInfoIsWritten() throws {
        let fixture = try Fixture()
        fixture.logger().debug("quiet")
        fixture.logger().info("loud")
        #expect(try fixture.lines().count == 1)
        #expect(try !fixture.text().contains("DEBUG"))
    }

    @Test func withDebugItIs() throws {
        let fixture = try Fixture("debug = true")
        fixture.logger().debug("detail")
        fixture.logger().trace("too much")
        #expect(try fixture.text().contains("DEBUG glance.api [-] detail"))
        #expect(try fixture.lines().count == 1)
    }

    @Test(arguments: [
        ("a", Logger.Level.warning), ("a.b", .error), ("a.b.c", .error), ("a.x", .warning), ("ab", .info),
        ("t", .trace),
        ("n", .notice),
    ])
    func theNearestNameAboveDecides(label: String, level: Logger.Level) throws {
        let levels = try LogLevels(isDebug: false, names: ["a=WARN", "a.b=ERROR", "t=5", "n=AUDIT"])
        #expect(levels.level(of: label) == level)
    }

    @Test(arguments: ["a", "a=LOUD", "="])
    func itemsThatAreNotLevelsAreRefused(item: String) {
        #expect(
            throws: OsloLogError(
                "[DEFAULT] default_log_levels has '\(item)'; allowed is name=LEVEL with a level like INFO")
        ) { try LogLevels(isDebug: false, names: [item]) }
    }

    @Test func newSettingsReachLoggersThatExist() throws {
        let fixture = try Fixture()
        let logger = fixture.logger()
        logger.debug("before")
        try fixture.apply("debug = true")
        logger.debug("after")
        #expect(try fixture.lines().count == 1)
        #expect(try fixture.text().contains("after"))
    }

    @Test func aLoggersOwnLevelWins() throws {
        let fixture = try Fixture()
        var logger = fixture.logger()
        logger.logLevel = .error
        logger.warning("quiet")
        fixture.logger().warning("loud")
        #expect(try fixture.lines().count == 1)
    }

    @Test func linesAboveTheRateAreDroppedAndItIsSaid() throws {
        let fixture = try Fixture("rate_limit_burst = 2\nrate_limit_interval = 3600")
        for number in 0..<5 { fixture.logger().info("line \(number)") }
        fixture.logger().critical("always")
        let lines = try fixture.lines()
        #expect(lines.count == 4)
        #expect(lines[2].hasSuffix("more than 2 lines in 3600 seconds: further lines are dropped"))
        #expect(lines[3].hasSuffix("always"))
    }
}
