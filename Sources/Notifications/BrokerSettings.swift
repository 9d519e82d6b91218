import OsloConfig
import TextCoding

/// What is to be known about a broker and the queues there.
struct BrokerSettings: Sendable {
    /// What TLS is to be spoken with.
    struct TLS: Sendable, Equatable {
        /// A file with the certificates of those who are trusted; nil is whom the system trusts.
        var authorities: String?
        var certificate: String?
        var key: String?
        var verifiesName: Bool
        /// The only version that is spoken; nil is the best that both sides have.
        var version: Version?

        enum Version: String, Sendable {
            case one = "tlsv1"
            case oneOne = "tlsv1_1"
            case oneTwo = "tlsv1_2"
        }
    }

    var formats: [Notification.Format] = [.messagingv2]
    var topics = ["notifications"]
    var exchange = "glance"
    var url: TransportURL
    var tls: TLS?
    /// Logs in by the certificate instead of a password.
    var usesExternalLogin = false
    /// Queues and exchange survive a restart of the broker.
    var isDurable = false
    var isAutoDeleted = false
    /// Arguments of queues.
    var arguments: [(name: String, value: Argument)] = []
    /// Seconds; 0 is none.
    var heartbeat = 60
    /// How often a connection is tried after it has failed, before what waits is dropped; nil is without end.
    var retries: Int?
    var reconnectDelay = 1.0
    var reconnectSplay = 0.0
    /// Seconds between two attempts: the first pause, by what it grows, and the longest.
    var pause = (first: 1.0, growth: 2.0, longest: 30.0)
    /// Takes the hosts in another order at each attempt.
    var shuffles = false

    enum Argument: Sendable {
        case text(String)
        case number(Int32)
    }

    init(url: TransportURL) { self.url = url }

    init(_ configuration: Configuration, formats: [Notification.Format]) throws(NotificationSettingsError) {
        typealias Rabbit = Options.OsloMessagingRabbit
        typealias Notifications = Options.OsloMessagingNotifications
        let own = configuration[Notifications.transportUrl]
        let group = own == nil ? "DEFAULT" : "oslo_messaging_notifications"
        do {
            self.init(url: try TransportURL(own ?? configuration[Options.Default.transportUrl]))
        } catch {
            throw .url(group: group, error)
        }
        guard ["rabbit", "kombu"].contains(url.scheme) else { throw .scheme(group: group, url.scheme) }
        let read = Reader(configuration: configuration, query: url.query)

        self.formats = formats
        topics = configuration[Notifications.topics]
        retries = configuration[Notifications.retry] < 0 ? nil : configuration[Notifications.retry]
        exchange = configuration[Options.Default.controlExchange]
        let isQuorum = try read.bool(Rabbit.rabbitQuorumQueue)
        isDurable = try read.bool(Rabbit.amqpDurableQueues) || isQuorum
        isAutoDeleted = try read.bool(Rabbit.amqpAutoDelete)
        if try read.bool(Rabbit.rabbitHaQueues) {
            if isQuorum { throw .quorumAndMirrored }
            arguments.append(("x-ha-policy", .text("all")))
        }
        if isQuorum {
            arguments.append(("x-queue-type", .text("quorum")))
            for (name, option) in [
                ("x-delivery-limit", Rabbit.rabbitQuorumDeliveryLimit),
                ("x-max-in-memory-length", Rabbit.rabbitQuorumMaxMemoryLength),
                ("x-max-in-memory-bytes", Rabbit.rabbitQuorumMaxMemoryBytes),
            ] {
                let value = try read.integer(option)
                if value > 0 { arguments.append((name, .number(Int32(clamping: value)))) }
            }
        }
        // Heartbeats of more than a minute or two tell nothing; the protocol counts them in 16 bits.
        heartbeat = min(max(0, try read.integer(Rabbit.heartbeatTimeoutThreshold)), 600)
        reconnectDelay = try read.number(Rabbit.kombuReconnectDelay)
        reconnectSplay = try read.number(Rabbit.kombuReconnectSplay)
        pause = (
            Double(try read.integer(Rabbit.rabbitRetryInterval)), Double(try read.integer(Rabbit.rabbitRetryBackoff)),
            Double(try read.integer(Rabbit.rabbitIntervalMax))
        )
        shuffles = read.text(Rabbit.kombuFailoverStrategy) == "shuffle"
        usesExternalLogin = read.text(Rabbit.rabbitLoginMethod).uppercased() == "EXTERNAL"
        if try read.bool(Rabbit.ssl) { tls = try Self.tls(read) }
        // Else all processes of all nodes would sit on the first one.
        url.hosts.shuffle()
    }

    private static func tls(_ read: Reader) throws(NotificationSettingsError) -> TLS {
        typealias Rabbit = Options.OsloMessagingRabbit
        func file(_ option: Option<String>) -> String? {
            let path = read.text(option)
            return path.isEmpty ? nil : path
        }
        let name = read.text(Rabbit.sslVersion)
        var version: TLS.Version?
        if !name.isEmpty, name.lowercased() != "sslv23" {
            version = TLS.Version(rawValue: name.lowercased())
            if version == nil { throw .value(option: Rabbit.sslVersion.name, name) }
        }
        return TLS(
            authorities: file(Rabbit.sslCaFile), certificate: file(Rabbit.sslCertFile),
            key: file(Rabbit.sslKeyFile) ?? file(Rabbit.sslCertFile),
            verifiesName: try read.bool(Rabbit.sslEnforceHostnameVerification), version: version)
    }

    /// Options of `[oslo_messaging_rabbit]`, over which the query of the URL has the last word.
    private struct Reader {
        let configuration: Configuration
        let query: [String: String]

        func text(_ option: Option<String>) -> String { query[option.name] ?? configuration[option] }

        func bool(_ option: Option<Bool>) throws(NotificationSettingsError) -> Bool {
            guard let text = query[option.name] else { return configuration[option] }
            switch text.lowercased() {
            case "1", "true", "yes", "on": return true
            case "0", "false", "no", "off": return false
            default: throw .value(option: option.name, text)
            }
        }

        func integer(_ option: Option<Int>) throws(NotificationSettingsError) -> Int {
            guard let text = query[option.name] else { return configuration[option] }
            guard let value = Int(text) else { throw .value(option: option.name, text) }
            return value
        }

        func number(_ option: Option<Double>) throws(NotificationSettingsError) -> Double {
            guard let text = query[option.name] else { return configuration[option] }
            guard let value = Double(text), value.isFinite else { throw .value(option: option.name, text) }
            return value
        }
    }
}
