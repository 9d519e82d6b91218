import JSON

/// A record as oslo.log's JSON formatter writes it, key for key.
struct JSONLine {
    let text: String

    /// - Parameter time: date and time in the configured format.
    init(_ record: LogRecord, time: String) {
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.field("message", record.message)
            writer.field("asctime", time)
            writer.field("name", record.logger)
            writer.field("msg", record.message)
            writer.field("args", [])
            writer.field("levelname", record.level.osloName)
            writer.field("levelno", record.level.osloNumber)
            writer.field("pathname", record.file)
            writer.field("filename", record.file.split(separator: "/").last.map(String.init) ?? record.file)
            writer.field("module", String(record.file.prefix { $0 != "/" }))
            writer.field("lineno", record.line)
            writer.field("funcname", record.function)
            writer.field("created") {
                $0.text("\(record.time.tv_sec).\(LogRecord.padded(record.time.tv_nsec / 1000, 6))".utf8)
            }
            writer.field("msecs", record.milliseconds)
            writer.field("process", LogProcess.id)
            writer.field("process_name", LogProcess.name)
            writer.field("traceback", JSONValue.null)
            writer.field("hostname", LogProcess.host)
            writer.field("error_summary", record.error ?? "")
            writer.field("context") { writer in
                writer.object { writer in
                    for (name, value) in record.context.sorted(by: { $0.key < $1.key }) { writer.field(name, value) }
                }
            }
            writer.field("extra") { writer in
                writer.object { writer in
                    for (name, value) in record.extra { writer.field(name, value) }
                }
            }
        }
        text = String(decoding: writer.bytes, as: UTF8.self)
    }
}
