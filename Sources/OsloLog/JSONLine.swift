/// A record as oslo.log's JSON formatter writes it, key for key.
struct JSONLine {
    private(set) var text = "{"

    /// - Parameter time: date and time in the configured format.
    init(_ record: LogRecord, time: String) {
        string("message", record.message)
        string("asctime", time)
        string("name", record.logger)
        string("msg", record.message)
        raw("args", "[]")
        string("levelname", record.level.osloName)
        raw("levelno", String(record.level.osloNumber))
        string("pathname", record.file)
        string("filename", record.file.split(separator: "/").last.map(String.init) ?? record.file)
        string("module", String(record.file.prefix { $0 != "/" }))
        raw("lineno", String(record.line))
        string("funcname", record.function)
        raw("created", "\(record.time.tv_sec).\(LogRecord.padded(record.time.tv_nsec / 1000, 6))")
        raw("msecs", String(record.milliseconds))
        raw("process", String(LogProcess.id))
        string("process_name", LogProcess.name)
        raw("traceback", "null")
        string("hostname", LogProcess.host)
        string("error_summary", record.error ?? "")
        raw("context", Self.object(record.context.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }))
        raw("extra", Self.object(record.extra))
        text += "}"
    }

    private mutating func string(_ key: String, _ value: String) { raw(key, Self.quoted(value)) }

    private mutating func raw(_ key: String, _ value: String) {
        if text.utf8.count > 1 { text += ", " }
        text += "\"\(key)\": \(value)"
    }

    private static func object(_ pairs: [(key: String, value: String)]) -> String {
        "{" + pairs.map { "\(quoted($0.key)): \(quoted($0.value))" }.joined(separator: ", ") + "}"
    }

    /// A JSON string (RFC 8259, section 7).
    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            case "\u{0}"..<" ":
                let hex = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
