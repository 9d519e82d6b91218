import Foundation
import Glibc
import Logging
import OsloConfig
import TestSupport
import Testing

@testable import OsloLog

@Suite struct LogDestinationTests {
    @Test func aRotatedFileIsNoticedAtTheNextLine() throws {
        let fixture = try Fixture()
        fixture.logger().info("first")
        try FileManager.default.moveItem(atPath: fixture.path, toPath: fixture.path + ".1")
        fixture.logger().info("second")
        #expect(try fixture.text("glance-api.log.1").hasSuffix("first\n"))
        #expect(try fixture.text().hasSuffix("second\n"))
        #expect(try fixture.lines().count == 1)
    }

    @Test func gatheredLinesAreWrittenTogetherAndInOrder() throws {
        let fixture = try Fixture()
        let gathered = fixture.logger(isGathered: true)
        for number in 1...3 { gathered.info("line \(number)") }
        #expect(try fixture.text().isEmpty)
        fixture.system.writeGathered()
        #expect(try fixture.messages() == ["line 1", "line 2", "line 3"])
        gathered.info("line 4")
        fixture.logger().error("line 5")
        #expect(try fixture.messages().suffix(2) == ["line 4", "line 5"])
        gathered.info("line 6")
        try FileManager.default.moveItem(atPath: fixture.path, toPath: fixture.path + ".1")
        fixture.system.writeGathered()
        #expect(try fixture.messages() == ["line 6"])
        gathered.info("line 7")
        try fixture.apply("debug = true")
        #expect(try fixture.messages() == ["line 6", "line 7"])
        // Nobody has called for so long that it is too much to keep.
        for _ in 0..<1000 { gathered.info("\(String(repeating: "x", count: 100))") }
        #expect(try fixture.messages().count > 500)
    }

    @Test(arguments: ["use_stderr = true", "use_json = true"])
    func otherDestinationsAndFormatsTakeGatheredLinesToo(options: String) throws {
        let fixture = try Fixture(options)
        fixture.logger(isGathered: true).info("once")
        fixture.system.writeGathered()
        fixture.system.writeGathered()
        #expect(try fixture.lines().count == 1)
    }

    @Test func aTruncatedFileGoesOnFromItsStart() throws {
        let fixture = try Fixture()
        fixture.logger().info("first")
        #expect(truncate(fixture.path, 0) == 0)
        fixture.logger().info("second")
        #expect(try fixture.lines().count == 1)
        #expect(try !fixture.text().contains("\0"))
    }

    @Test func reopeningAfterDeletionMakesTheFileAtOnce() throws {
        let fixture = try Fixture()
        try FileManager.default.removeItem(atPath: fixture.path)
        fixture.system.reopen()
        #expect(FileManager.default.fileExists(atPath: fixture.path))
    }

    @Test func aFileThatCannotBeOpenedEndsTheStart() throws {
        let configuration = try Configuration(text: "[DEFAULT]\nlog_file = /nowhere/x.log")
        #expect(throws: OsloLogError("cannot open log file /nowhere/x.log: No such file or directory")) {
            try LogSettings(configuration: configuration, program: "glance-api")
        }
    }

    @Test func aRelativeFileIsBelowTheDirectory() throws {
        let fixture = try Fixture("log_file = api.log")
        fixture.logger().info("x")
        #expect(try fixture.text("api.log").hasSuffix("x\n"))
    }

    @Test func whereTheLogGoes() throws {
        let fixture = try Fixture()
        let receiver = try JournalReceiver(path: fixture.journal)
        func kinds(_ options: String, journal: String? = nil, isStreamed: Bool = false) throws -> [String] {
            try withExtendedLifetime(receiver) {
                try LogSettings(
                    configuration: Configuration(text: "[DEFAULT]\n" + options), program: "p",
                    journal: journal ?? fixture.journal, isStandardErrorJournal: isStreamed
                ).destinations.map { "\(type(of: $0))" }
            }
        }
        #expect(try kinds("") == ["StandardError"])
        #expect(try kinds("use_journal = true") == ["Journal"])
        #expect(try kinds("use_syslog = true") == ["StandardError", "Syslog"])
        #expect(try kinds("log_dir = \(fixture.directory)") == ["LogFile"])
        #expect(try kinds("use_stderr = true\nlog_dir = \(fixture.directory)") == ["LogFile", "StandardError"])
        #expect(
            try kinds("use_journal = true\nuse_stderr = true\nlog_dir = \(fixture.directory)")
                == ["LogFile", "Journal", "StandardError"])
        // Standard error is a stream to the journal: lines go there with their fields instead.
        #expect(try kinds("", isStreamed: true) == ["Journal"])
        #expect(try kinds("use_syslog = true", isStreamed: true) == ["Journal", "Syslog"])
        #expect(try kinds("use_stderr = true", isStreamed: true) == ["StandardError"])
        #expect(try kinds("log_dir = \(fixture.directory)", isStreamed: true) == ["LogFile"])
        // Without a journal nothing is lost.
        #expect(try kinds("use_journal = true", journal: "/nowhere") == ["StandardError"])
        #expect(try kinds("", journal: "/nowhere", isStreamed: true) == ["StandardError"])
    }

    @Test func anUnknownFacilityIsRefused() throws {
        let configuration = try Configuration(text: "[DEFAULT]\nuse_syslog = true\nsyslog_log_facility = LOG_NOISE")
        #expect(throws: OsloLogError("[DEFAULT] syslog_log_facility = 'LOG_NOISE' is not a syslog facility")) {
            try LogSettings(configuration: configuration, program: "glance-api")
        }
    }

    @Test(arguments: [("LOG_USER", LOG_USER), ("local3", LOG_LOCAL3), ("Log_Daemon", LOG_DAEMON), ("cron", LOG_CRON)])
    func facilitiesHaveTheNumbersOfTheSystem(name: String, number: Int32) {
        #expect(Syslog.facility(name) == number)
    }

    @Test func syslogGetsOneDatagramForALineAndSurvivesARestartOfTheDaemon() throws {
        let fixture = try Fixture()
        let path = fixture.directory + "/log"
        let syslog = Syslog(path: path, program: "glance-api", facility: LOG_USER)
        syslog.write(Fixture.record(.info)) { "lost" }
        for _ in 0..<2 {
            let daemon = try Daemon(path: path)
            syslog.write(Fixture.record(.warning)) { "hello" }
            let text = daemon.receive()
            #expect(text.hasPrefix("<12>"))
            #expect(text.hasSuffix(" glance-api[\(getpid())]: hello"))
        }
    }

    /// A syslog socket.
    private final class Daemon {
        private let descriptor: Int32

        init(path: String) throws {
            unlink(path)
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
            let bound = withUnsafePointer(to: address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
                }
            }
            try #require(bound == 0)
        }

        deinit { close(descriptor) }

        func receive() -> String {
            var buffer = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
        }
    }

    /// `log_file = /dev/stdout` in a container whose runtime has stopped to read.
    @Test func aLogFileThatIsAPipeMakesNobodyWait() throws {
        let fixture = try Fixture()
        let path = fixture.directory + "/pipe"
        try #require(mkfifo(path, 0o600) == 0)
        let reader = open(path, O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try fixture.apply("log_file = pipe")
        let payload = String(repeating: "x", count: 1000)
        // More than the pipe and the backlog take, and nobody reads: a blocking write would never return.
        for _ in 0..<2500 { fixture.logger().info("\(payload)") }
        let end = ContinuousClock.now + .seconds(60)
        var text = ""
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while !text.contains("log lines were lost"), ContinuousClock.now < end {
            let count = read(reader, &chunk, chunk.count)
            if count > 0 { text += String(decoding: chunk[..<count], as: UTF8.self) } else { sched_yield() }
        }
        #expect(text.contains("log lines were lost: nobody read them"))
    }

    @Test(.enabled(if: geteuid() == 0, "only root makes files for others"))
    func aFileThatRootMakesBelongsToTheOwnerOfItsDirectory() throws {
        let fixture = try Fixture()
        try #require(chown(fixture.directory, 4711, 4712) == 0)
        try fixture.apply("log_file = new.log")
        fixture.logger().info("x")
        var status = stat()
        try #require(stat(fixture.directory + "/new.log", &status) == 0)
        #expect(status.st_uid == 4711)
        #expect(status.st_gid == 4712)
        // One that is there stays whose it is.
        try #require(chown(fixture.directory + "/new.log", 4713, 4713) == 0)
        fixture.system.reopen()
        try #require(stat(fixture.directory + "/new.log", &status) == 0)
        #expect(status.st_uid == 4713)
    }

    @Test func concurrentLinesStayWhole() async throws {
        let fixture = try Fixture()
        let payload = String(repeating: "x", count: 500)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                let logger = fixture.logger("task\(task)")
                group.addTask { for _ in 0..<50 { logger.info("\(payload)") } }
            }
        }
        let lines = try fixture.lines()
        #expect(lines.count == 400)
        #expect(lines.allSatisfy { $0.hasSuffix(" [-] " + payload) })
    }

    @Test func aFullPipeNeitherBlocksTheCallerNorLosesLines() throws {
        var pipe: [Int32] = [0, 0]
        try #require(Glibc.pipe(&pipe) == 0)
        defer { close(pipe[0]) }
        let writer = LineWriter(descriptor: pipe[1])
        let line = [UInt8](repeating: UInt8(ascii: "y"), count: 1023) + [UInt8(ascii: "\n")]
        // More than the 64 KiB of a pipe, and nobody reads: a blocking write would never return.
        for _ in 0..<200 { writer.write(line) }
        var received = 0
        var chunk = [UInt8](repeating: 0, count: 8192)
        while received < 200 * line.count {
            let count = read(pipe[0], &chunk, chunk.count)
            try #require(count > 0)
            received += count
        }
        #expect(received == 200 * line.count)
        close(pipe[1])
    }
}
