import Events
import Glibc
import Systemd

/// The systemd journal, with a field for each fact: those that oslo.log's journal handler writes, `MESSAGE_ID` of events, and
/// all metadata in upper case (docs/journal.md).
final class Journal: LogDestination {
    /// Fields that say what the record itself is; metadata of such a name gets `GLANCE_` in front.
    static let reserved: Set<String> = [
        "MESSAGE", "MESSAGE_ID", "PRIORITY", "CODE_FILE", "CODE_LINE", "CODE_FUNC", "ERRNO", "INVOCATION_ID",
        "USER_INVOCATION_ID", "SYSLOG_FACILITY", "SYSLOG_IDENTIFIER", "SYSLOG_PID", "SYSLOG_TIMESTAMP", "SYSLOG_RAW",
        "DOCUMENTATION", "TID", "UNIT", "USER_UNIT", "OBJECT_PID", "COREDUMP_UNIT", "COREDUMP_USER_UNIT", "LOGGER_NAME",
        "LOGGER_LEVEL", "THREAD_NAME", "PROCESS_NAME", "EXCEPTION_INFO", "EXCEPTION_TEXT",
    ]
    private static let reservedNames = Set(reserved.map { Array($0.utf8) })

    private let program: String
    private let facility: String
    private let backlog: Backlog

    /// - Parameter facility: one of the constants of `<syslog.h>`.
    init(socket: JournalSocket, program: String, facility: Int32) {
        self.program = program
        self.facility = String(facility >> 3)
        backlog = Backlog(
            attempt: { socket.send($0) != .full },
            insist: { _ = socket.send($0, waits: true) },
            lossNotice: { Self.lossNotice($0, program: program) })
    }

    func write(_ record: LogRecord, line: () -> String) {
        var entry = JournalEntry(capacity: 1024)
        entry.append("MESSAGE", record.error.map { "\(record.message): \($0)" } ?? record.message)
        entry.append("PRIORITY", String(record.level.syslogSeverity))
        entry.append("SYSLOG_IDENTIFIER", program)
        entry.append("SYSLOG_FACILITY", facility)
        if let id = record.eventID { entry.append("MESSAGE_ID", id) }
        entry.append("LOGGER_NAME", record.logger)
        entry.append("LOGGER_LEVEL", record.level.osloName)
        entry.append("THREAD_NAME", LogProcess.threadName())
        entry.append("PROCESS_NAME", LogProcess.name)
        entry.append("CODE_FILE", record.file)
        entry.append("CODE_LINE", String(record.line))
        entry.append("CODE_FUNC", record.function)
        if let error = record.error { entry.append("EXCEPTION_TEXT", error) }
        for (key, value) in record.context { append(key, value, to: &entry) }
        for (key, value) in record.extra { append(key, value, to: &entry) }
        backlog.write(entry.bytes)
    }

    func reopen() {}

    private func append(_ key: String, _ value: String, to entry: inout JournalEntry) {
        guard let name = JournalEntry.fieldName(key) else { return }
        entry.append(Self.reservedNames.contains(name) ? Array("GLANCE_".utf8) + name : name, value)
    }

    private static func lossNotice(_ count: Int, program: String) -> [UInt8] {
        var entry = JournalEntry()
        entry.append("MESSAGE", "\(count) log entries were lost: the journal did not take them fast enough")
        entry.append("MESSAGE_ID", Event.logEntriesLost.id)
        entry.append("PRIORITY", String(LOG_WARNING))
        entry.append("SYSLOG_IDENTIFIER", program)
        entry.append("LOST", String(count))
        return entry.bytes
    }
}
