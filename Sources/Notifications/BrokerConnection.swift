import CRabbitMQ
import Glibc

/// A connection to a broker, with one channel. Every call may block; one thread uses it.
final class BrokerConnection {
    private static let channel: amqp_channel_t = 1

    private let state: amqp_connection_state_t
    private let settings: BrokerSettings
    private var hasExchange = false
    /// Queues that are there.
    private var declared: Set<String> = []
    /// Number of the last message on the channel.
    private var lastMessage: UInt64 = 0
    /// Those that the broker has not confirmed yet.
    private var unconfirmed: Set<UInt64> = []

    private init(_ state: amqp_connection_state_t, _ settings: BrokerSettings) {
        self.state = state
        self.settings = settings
    }

    deinit { amqp_destroy_connection(state) }

    /// Connects and logs in.
    ///
    /// - Parameter process: what the broker calls the connection.
    static func open(
        to host: TransportURL.Host, _ settings: BrokerSettings, process: String
    ) throws(BrokerError) -> BrokerConnection {
        guard let state = amqp_new_connection() else { throw .failed("no memory for a connection") }
        let connection = BrokerConnection(state, settings)
        try connection.connect(to: host)
        try connection.logIn(host, process: process)
        try connection.openChannel()
        return connection
    }

    /// For poll(2).
    var descriptor: Int32 { amqp_get_sockfd(state) }

    /// Milliseconds between two calls of ``poll()``; -1 is without end.
    var pollInterval: Int32 {
        let heartbeat = amqp_get_heartbeat(state)
        return heartbeat > 0 ? Int32(max(250, heartbeat * 250)) : -1
    }

    /// Says goodbye. The connection is not to be used any more.
    func close() { _ = amqp_connection_close(state, AMQP_REPLY_SUCCESS) }

    // MARK: Beginning

    private static let connectTime: Int = 5
    private static let answerTime: Int = 10
    private static let confirmTime: Int = 30

    private func connect(to host: TransportURL.Host) throws(BrokerError) {
        let socket = settings.tls == nil ? amqp_tcp_socket_new(state) : amqp_ssl_socket_new(state)
        guard let socket else { throw .failed("no memory for a socket") }
        if let tls = settings.tls { try Self.configure(socket, tls, for: host) }
        var time = timeval(tv_sec: Self.connectTime, tv_usec: 0)
        try Self.check(amqp_socket_open_noblock(socket, host.name, Int32(host.port), &time))
        var answerTime = timeval(tv_sec: Self.answerTime, tv_usec: 0)
        try Self.check(amqp_set_handshake_timeout(state, &answerTime))
        try Self.check(amqp_set_rpc_timeout(state, &answerTime))
    }

    private static func configure(_ socket: OpaquePointer, _ tls: BrokerSettings.TLS, for host: TransportURL.Host)
        throws(BrokerError)
    {
        if let authorities = tls.authorities {
            guard amqp_ssl_socket_set_cacert(socket, authorities) == 0 else {
                throw .failed("the certificates in \(authorities) cannot be read")
            }
        } else if glance_amqp_trust_system(socket) == 0 {
            throw .failed("the system's certificates cannot be read")
        }
        if let certificate = tls.certificate, let key = tls.key {
            guard amqp_ssl_socket_set_key(socket, certificate, key) == 0 else {
                throw .failed("the certificate \(certificate) cannot be used with the key \(key)")
            }
        }
        amqp_ssl_socket_set_verify_peer(socket, 1)
        amqp_ssl_socket_set_verify_hostname(socket, 0)
        if tls.verifiesName, glance_amqp_expect(socket, host.name) == 0 {
            throw .failed("\(host.name) is no name that a certificate could have")
        }
        let version: amqp_tls_version_t
        switch tls.version {
        case nil: return
        case .one: version = AMQP_TLSv1
        case .oneOne: version = AMQP_TLSv1_1
        case .oneTwo: version = AMQP_TLSv1_2
        }
        try check(amqp_ssl_socket_set_ssl_versions(socket, version, version))
    }

    private func logIn(_ host: TransportURL.Host, process: String) throws(BrokerError) {
        let reply = Self.withBytes("connection_name") { name in
            Self.withBytes(process) { process in
                var entry = amqp_table_entry_t()
                entry.key = name
                entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                entry.value.value.bytes = process
                return withUnsafeMutablePointer(to: &entry) { entry in
                    var properties = amqp_table_t(num_entries: 1, entries: entry)
                    let heartbeat = Int32(settings.heartbeat)
                    return settings.usesExternalLogin
                        ? glance_amqp_login_external(state, settings.url.virtualHost, heartbeat, &properties)
                        : glance_amqp_login(
                            state, settings.url.virtualHost, heartbeat, &properties, host.user, host.password)
                }
            }
        }
        try Self.check(reply)
    }

    /// Opens the channel, on which the broker confirms what it has taken.
    private func openChannel() throws(BrokerError) {
        amqp_channel_open(state, Self.channel)
        try Self.check(amqp_get_rpc_reply(state))
        amqp_confirm_select(state, Self.channel)
        try Self.check(amqp_get_rpc_reply(state))
        lastMessage = 0
        unconfirmed = []
    }

    // MARK: Queues

    /// Makes sure that there is a queue that keeps the messages until somebody reads them.
    private func declare(_ queue: String) throws(BrokerError) {
        if declared.contains(queue) { return }
        if !hasExchange {
            _ = try orAsItIs { isPassive throws(BrokerError) in try declareExchange(isPassive: isPassive) }
            hasExchange = true
        }
        let isOurs = try orAsItIs { isPassive throws(BrokerError) in try declareQueue(queue, isPassive: isPassive) }
        do throws(BrokerError) {
            try bind(queue)
        } catch {
            // Who may not make queues may not be allowed to bind them either; somebody else has done it.
            guard !isOurs, case .refused = error else { throw error }
            try reopenChannel()
        }
        declared.insert(queue)
    }

    /// Declares something. If somebody else has made it with other properties, or we may not make any, it is used as it is.
    ///
    /// - Returns: whether it is as we want it.
    private func orAsItIs(_ declare: (_ isPassive: Bool) throws(BrokerError) -> Void) throws(BrokerError) -> Bool {
        do throws(BrokerError) {
            try declare(false)
            return true
        } catch {
            guard case .refused = error else { throw error }
            try reopenChannel()
            try declare(true)
            return false
        }
    }

    private func declareExchange(isPassive: Bool) throws(BrokerError) {
        Self.withBytes(settings.exchange) { exchange in
            Self.withBytes("topic") { kind in
                _ = amqp_exchange_declare(
                    state, Self.channel, exchange, kind, isPassive ? 1 : 0, settings.isDurable ? 1 : 0,
                    settings.isAutoDeleted ? 1 : 0, 0, amqp_empty_table)
            }
        }
        try Self.check(amqp_get_rpc_reply(state))
    }

    private func declareQueue(_ queue: String, isPassive: Bool) throws(BrokerError) {
        Self.withTable(settings.arguments) { arguments in
            Self.withBytes(queue) { queue in
                _ = amqp_queue_declare(
                    state, Self.channel, queue, isPassive ? 1 : 0, settings.isDurable ? 1 : 0, 0,
                    settings.isAutoDeleted ? 1 : 0, arguments)
            }
        }
        try Self.check(amqp_get_rpc_reply(state))
    }

    private func bind(_ queue: String) throws(BrokerError) {
        Self.withBytes(queue) { queue in
            Self.withBytes(settings.exchange) { exchange in
                _ = amqp_queue_bind(state, Self.channel, queue, exchange, queue, amqp_empty_table)
            }
        }
        try Self.check(amqp_get_rpc_reply(state))
    }

    private func reopenChannel() throws(BrokerError) {
        var answer = amqp_channel_close_ok_t()
        try Self.check(
            amqp_send_method(state, Self.channel, amqp_method_number_t(AMQP_CHANNEL_CLOSE_OK_METHOD), &answer))
        try openChannel()
    }

    // MARK: Messages

    /// Sends messages and waits until the broker has confirmed them.
    ///
    /// - Returns: how many the broker has refused for good.
    func publish(_ messages: [QueuedMessage]) throws(BrokerError) -> Int {
        for priority in Set(messages.map(\.priority)) {
            for topic in settings.topics { try declare(priority.routingKey(topic: topic)) }
        }
        for message in messages {
            for topic in settings.topics {
                for body in message.bodies { try publish(body, to: message.priority.routingKey(topic: topic)) }
            }
        }
        let refused = try awaitConfirmations()
        amqp_maybe_release_buffers(state)
        return refused
    }

    private func publish(_ body: String, to queue: String) throws(BrokerError) {
        let status = Self.withBytes("application/json") { type in
            Self.withBytes("utf-8") { encoding in
                Self.withBytes(settings.exchange) { exchange in
                    Self.withBytes(queue) { queue in
                        Self.withBytes(body) { body in
                            var properties = amqp_basic_properties_t()
                            properties._flags = amqp_flags_t(
                                AMQP_BASIC_CONTENT_TYPE_FLAG | AMQP_BASIC_CONTENT_ENCODING_FLAG
                                    | AMQP_BASIC_DELIVERY_MODE_FLAG | AMQP_BASIC_PRIORITY_FLAG)
                            properties.content_type = type
                            properties.content_encoding = encoding
                            properties.delivery_mode = UInt8(AMQP_DELIVERY_PERSISTENT.rawValue)
                            return amqp_basic_publish(
                                state, Self.channel, exchange, queue, 0, 0, &properties, body)
                        }
                    }
                }
            }
        }
        try Self.check(status)
        lastMessage += 1
        unconfirmed.insert(lastMessage)
    }

    private func awaitConfirmations() throws(BrokerError) -> Int {
        var refused = 0
        while !unconfirmed.isEmpty {
            guard let answer = try frame(waiting: Self.confirmTime) else {
                throw .failed("the broker has not confirmed a message for \(Self.confirmTime) seconds")
            }
            refused += answer
        }
        return refused
    }

    /// Takes what the broker says by itself, and sends heartbeats that are due.
    func poll() throws(BrokerError) {
        while try frame(waiting: 0) != nil {}
    }

    /// One frame of the broker's.
    ///
    /// - Returns: how many messages it refuses; nil when no frame came in that many seconds.
    private func frame(waiting seconds: Int) throws(BrokerError) -> Int? {
        var frame = amqp_frame_t()
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let status = amqp_simple_wait_frame_noblock(state, &frame, &time)
        if status == AMQP_STATUS_TIMEOUT.rawValue { return nil }
        try Self.check(status)
        guard frame.frame_type == AMQP_FRAME_METHOD else { return 0 }
        let method = frame.payload.method
        switch method.id {
        case amqp_method_number_t(AMQP_BASIC_ACK_METHOD):
            let ack = method.decoded.load(as: amqp_basic_ack_t.self)
            _ = settle(ack.delivery_tag, andBefore: ack.multiple != 0)
            return 0
        case amqp_method_number_t(AMQP_BASIC_NACK_METHOD):
            let nack = method.decoded.load(as: amqp_basic_nack_t.self)
            return settle(nack.delivery_tag, andBefore: nack.multiple != 0)
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD), amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            throw Self.exception(method)
        default:
            return 0
        }
    }

    private func settle(_ number: UInt64, andBefore: Bool) -> Int {
        let before = unconfirmed.count
        if andBefore { unconfirmed = unconfirmed.filter { $0 > number } } else { unconfirmed.remove(number) }
        return before - unconfirmed.count
    }

    // MARK: Errors and values

    private static func check(_ status: Int32) throws(BrokerError) {
        guard status == AMQP_STATUS_OK.rawValue else { throw .failed(text(status)) }
    }

    private static func text(_ status: Int32) -> String { String(cString: amqp_error_string2(status)) }

    private static func check(_ reply: amqp_rpc_reply_t) throws(BrokerError) {
        switch reply.reply_type {
        case AMQP_RESPONSE_NORMAL: return
        case AMQP_RESPONSE_LIBRARY_EXCEPTION: throw .failed(text(reply.library_error))
        case AMQP_RESPONSE_SERVER_EXCEPTION: throw exception(reply.reply)
        default: throw .failed("the broker has not answered")
        }
    }

    /// What the broker says when it closes something.
    private static func exception(_ method: amqp_method_t) -> BrokerError {
        switch method.id {
        case amqp_method_number_t(AMQP_CONNECTION_CLOSE_METHOD):
            let close = method.decoded.load(as: amqp_connection_close_t.self)
            return .closed(code: Int(close.reply_code), reason: text(close.reply_text))
        case amqp_method_number_t(AMQP_CHANNEL_CLOSE_METHOD):
            let close = method.decoded.load(as: amqp_channel_close_t.self)
            return .refused(code: Int(close.reply_code), reason: text(close.reply_text))
        default: return .failed("the broker has answered what was not asked for")
        }
    }

    private static func text(_ bytes: amqp_bytes_t) -> String {
        String(decoding: UnsafeRawBufferPointer(start: bytes.bytes, count: bytes.len), as: UTF8.self)
    }

    private static func withBytes<Result>(_ text: String, _ body: (amqp_bytes_t) -> Result) -> Result {
        var text = text
        return text.withUTF8 { utf8 in
            body(amqp_bytes_t(len: utf8.count, bytes: UnsafeMutableRawPointer(mutating: utf8.baseAddress)))
        }
    }

    private static func withTable<Result>(
        _ values: [(name: String, value: BrokerSettings.Argument)], entries: [amqp_table_entry_t] = [],
        _ body: (amqp_table_t) -> Result
    ) -> Result {
        guard let (name, value) = values.first else {
            var entries = entries
            return entries.withUnsafeMutableBufferPointer {
                body(amqp_table_t(num_entries: Int32($0.count), entries: $0.baseAddress))
            }
        }
        var entry = amqp_table_entry_t()
        return withBytes(name) { name in
            entry.key = name
            switch value {
            case .number(let number):
                entry.value.kind = UInt8(AMQP_FIELD_KIND_I32.rawValue)
                entry.value.value.i32 = number
                return withTable(Array(values.dropFirst()), entries: entries + [entry], body)
            case .text(let text):
                return withBytes(text) { text in
                    entry.value.kind = UInt8(AMQP_FIELD_KIND_UTF8.rawValue)
                    entry.value.value.bytes = text
                    return withTable(Array(values.dropFirst()), entries: entries + [entry], body)
                }
            }
        }
    }
}
