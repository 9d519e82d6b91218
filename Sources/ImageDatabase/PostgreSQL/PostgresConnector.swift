import CLibpq
import Events
import Logging

/// Opens connections, each on a thread of its own: host name lookup and authentication block.
final class PostgresConnector: Sendable {
    /// How often and how long to try.
    struct ConnectionRetries: Sendable {
        /// Tries; negative: for ever.
        var attempts: Int
        var pause: Int64
        var longestPause: Int64

        /// The first connection of a process: `max_retries` and `retry_interval` of `[database]`.
        static func first(_ options: DatabaseOptions) -> ConnectionRetries {
            let pause = Int64(max(0, options.retryInterval)) * 1000
            return ConnectionRetries(attempts: options.maxRetries, pause: pause, longestPause: pause)
        }

        /// Later ones: about five seconds, in which a server that is being restarted comes back.
        static let later = ConnectionRetries(attempts: 14, pause: 50, longestPause: 500)
    }

    private let parameters: [DatabaseURL.Parameter]
    private let stop: EventCounter
    private let logger: Logger
    private let outage = Outage()

    private let session: PostgresSessionSettings

    init(
        _ parameters: [DatabaseURL.Parameter], options: DatabaseOptions, logger: Logger
    ) throws(DatabaseError) {
        // What stands first is overridden by the URL.
        session = PostgresSessionSettings(options)
        let defaults =
            [
                DatabaseURL.Parameter(keyword: "connect_timeout", value: "10"),
                DatabaseURL.Parameter(keyword: "fallback_application_name", value: "glance"),
            ] + session.parameters
        self.parameters = defaults + parameters + [.init(keyword: "client_encoding", value: "UTF8")]
        stop = try EventCounter(blocking: false)
        self.logger = logger
    }

    /// Ends all waiting between tries.
    func cancel() { stop.signal() }

    /// Opens a connection and hands it over by `completion`, which runs on another thread.
    func connect(
        _ retries: ConnectionRetries, _ completion: @escaping @Sendable (Result<PostgresHandle, DatabaseError>) -> Void
    ) {
        do {
            try SystemThread.start("db-connect") { [self] in completion(open(retries)) }
        } catch {
            completion(.failure(error))
        }
    }

    private func open(_ retries: ConnectionRetries) -> Result<PostgresHandle, DatabaseError> {
        var (failures, pause) = (0, retries.pause)
        while true {
            let attempt = outage.attempt
            let handle: PostgresHandle
            do { handle = try openOnce() } catch {
                failures += 1
                if outage.begins(with: attempt) {
                    logger.log(
                        .databaseUnreachable, level: .error, "The database is not reachable",
                        metadata: ["error": "\(error.message)"])
                }
                let isLast = retries.attempts >= 0 && failures > retries.attempts
                if isLast || error.isPermanent { return .failure(.unavailable(error.message)) }
                if pause >= 1000 {
                    let left = retries.attempts < 0 ? "no end of" : String(retries.attempts - failures + 1)
                    logger.warning("The database is not reachable (\(error.message)); \(left) tries left")
                }
                if stop.waits(milliseconds: Int32(clamping: pause)) { return .failure(.unavailable(error.message)) }
                pause = min(pause * 2, retries.longestPause)
                continue
            }
            if outage.ends(with: attempt) {
                logger.log(.databaseBack, "The database is reachable again")
            }
            return .success(handle)
        }
    }

    private struct Refusal: Error {
        var message: String

        /// Trying again cannot help: somebody has to change the configuration.
        var isPermanent: Bool {
            ["authentication failed", "no pg_hba.conf entry", "does not exist", "no password supplied", "invalid"]
                .contains { message.contains($0) }
        }
    }

    private func openOnce() throws(Refusal) -> PostgresHandle {
        let keywords = CStringArray(parameters.map(\.keyword))
        let values = CStringArray(parameters.map(\.value))
        guard let connection = PQconnectdbParams(keywords.pointers, values.pointers, 0) else {
            throw Refusal(message: "out of memory")
        }
        let handle = PostgresHandle(connection)
        glance_pq_silence_notices(connection)
        guard PQstatus(connection) == CONNECTION_OK else { throw Refusal(message: handle.message) }
        // We read times as text, in the one style that has no locale.
        let style = PQparameterStatus(connection, "DateStyle").map { String(cString: $0) } ?? ""
        if !style.hasPrefix("ISO") {
            let result = PQexec(connection, "SET DateStyle TO ISO")
            defer { PQclear(result) }
            guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw Refusal(message: handle.message) }
        }
        // What does not know these settings serves without them.
        PQclear(PQexec(connection, session.statement))
        guard PQstatus(connection) == CONNECTION_OK else { throw Refusal(message: handle.message) }
        return handle
    }
}

/// An open libpq connection that nobody uses yet.
///
/// `@unchecked Sendable`: it is handed from the thread that opened it to the one that uses it, never shared.
final class PostgresHandle: @unchecked Sendable {
    private var connection: OpaquePointer?

    init(_ connection: OpaquePointer) { self.connection = connection }

    deinit { PQfinish(connection) }

    /// Gives the ownership away.
    func take() -> OpaquePointer? {
        defer { connection = nil }
        return connection
    }

    /// libpq's last error on one line.
    var message: String {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        return text.split(separator: "\n").map { $0.drop { $0 == "\t" || $0 == " " } }.joined(separator: "; ")
    }
}

/// A null-terminated array of C strings, as C functions take name lists.
private final class CStringArray {
    private let storage: [UnsafeMutableBufferPointer<CChar>]
    let pointers: [UnsafePointer<CChar>?]

    init(_ strings: [String]) {
        storage = strings.map { string in
            let bytes = string.utf8CString
            let copy = UnsafeMutableBufferPointer<CChar>.allocate(capacity: bytes.count)
            _ = copy.initialize(from: bytes)
            return copy
        }
        pointers = storage.map { UnsafePointer($0.baseAddress) } + [nil]
    }

    deinit { for buffer in storage { buffer.deallocate() } }
}
