import Events
import Foundation
import JSON
import OsloConfig
import TestSupport
import Testing

@testable import Notifications

/// A real RabbitMQ, read by the listener of oslo.messaging.
@Suite(.timeLimit(.minutes(5))) struct BrokerSinkTests {
    private func settings(_ url: String, _ options: String = "", driver: String = "messagingv2") throws
        -> NotificationSettings
    {
        try NotificationSettings(
            Configuration(
                text: """
                    [DEFAULT]
                    transport_url = \(url)
                    default_publisher_id = image.node
                    [oslo_messaging_notifications]
                    driver = \(driver)
                    [oslo_messaging_rabbit]
                    \(options)
                    """))
    }

    private func notifier(_ settings: NotificationSettings, _ recorder: EventRecorder) -> Notifier {
        Notifier(settings, process: "test", logger: recorder.logger)
    }

    /// How often the broker is tried must not set the pace of a test.
    private static let soon = """
        kombu_reconnect_delay = 0
        rabbit_retry_backoff = 0
        """

    @Test func theListenerHearsWhatIsToldAndARestartIsAnOutage() async throws {
        try await withServer("rabbitmq") { rabbit in
            let url = try rabbit.setting("RABBITMQ_URL")
            try await plainDelivery(url)
            try await deliveryByTLS(
                rabbit.setting("RABBITMQ_TLS_URL"), authorities: rabbit.setting("RABBITMQ_CA"),
                certificate: rabbit.setting("RABBITMQ_CERTIFICATE"), key: rabbit.setting("RABBITMQ_KEY"))
            try await refusedOnes(url)
            try await restart(rabbit)
        }
    }

    private func plainDelivery(_ url: String) async throws {
        let recorder = EventRecorder()
        // Who comes first makes the queues; the other one uses them, though they are not as it wants them.
        let first = notifier(try settings(url), recorder)
        first.tell("image.create", ["id": "1", "size": .null, "tags": ["é", "\u{1F600}"]])
        await first.shutdown()
        let second = notifier(
            try settings(
                "rabbit://nobody:no@127.0.0.1:1," + url.dropFirst("rabbit://".count),
                "amqp_durable_queues = true\n" + Self.soon),
            recorder)
        // An exchange of others is no reason to do without a queue.
        var billing = try #require(try settings(url, "amqp_durable_queues = true").broker)
        billing.topics = ["billing"]
        let third = Notifier(
            publisher: "image.node", sinks: [BrokerSink(billing, process: "test", logger: recorder.logger)])
        third.tell("image.create", ["id": "1"])
        await third.shutdown()
        #expect(recorder.entries.filter { $0.level >= .info }.isEmpty)
        try await withNotificationListener(at: url) { listener in
            // It waited in the queue.
            let early = try await listener.next()
            #expect(early["event"].string == "image.create" && early["priority"].string == "info")
            #expect(early["publisher"].string == "image.node")
            // The listener's own, and nothing of ours.
            #expect(early["context"] == ["client_timeout": .null])
            #expect(early["payload"] == ["id": "1", "size": .null, "tags": ["é", "\u{1F600}"]])
            #expect(early["metadata"]["message_id"].string != nil)
            #expect(early["metadata"]["timestamp"].string != nil)

            second.tell("image.upload", priority: .error, "why")
            let error = try await listener.next()
            #expect(error["priority"].string == "error" && error["payload"].string == "why")
            let numbers = (0..<1000).map { JSONValue.integer($0) }
            for number in numbers { second.tell("image.update", ["id": number]) }
            for number in 0..<1000 {
                #expect(try await listener.next()["payload"]["id"] == .number(Double(number)))
            }
            // Larger than the broker takes: the others arrive all the same.
            second.tell("image.update", ["id": .string(String(repeating: "x", count: 2 << 20))])
            second.tell("image.update", ["id": "small"])
            #expect(try await listener.next()["payload"]["id"].string == "small")
            await second.shutdown()

            // The same by the format of old.
            let old = notifier(try settings(url, driver: "messaging"), recorder)
            old.tell("image.delete", ["id": "2"])
            #expect(try await listener.next()["payload"] == ["id": "2"])
            await old.shutdown()
        }
        let dropped = recorder.occurrences(of: .notificationsDropped) + recorder.occurrences(of: .brokerBack)
        #expect(dropped.map { $0.metadata["dropped"] } == ["1"])
    }

    private func deliveryByTLS(_ url: String, authorities: String, certificate: String, key: String) async throws {
        let recorder = EventRecorder()
        try await withNotificationListener(at: url, authorities: authorities) { listener in
            // As deployment tools write it.
            let query = "?ssl=1&ssl_version=TLSv1_2&ssl_ca_file=\(authorities)"
            let byURL = notifier(try settings(url + query), recorder)
            byURL.tell("image.create", ["id": "3"])
            #expect(try await listener.next()["payload"] == ["id": "3"])
            await byURL.shutdown()
            let byOptions = notifier(
                try settings(
                    url,
                    "ssl = true\nssl_ca_file = \(authorities)\nssl_cert_file = \(certificate)\nssl_key_file = \(key)"),
                recorder)
            byOptions.tell("image.create", ["id": "4"])
            #expect(try await listener.next()["payload"] == ["id": "4"])
            await byOptions.shutdown()
        }
        #expect(recorder.entries.isEmpty)
        // A broker that nobody vouches for gets nothing, no password either.
        let stranger = notifier(try settings(url, "ssl = true"), recorder)
        stranger.tell("image.create", ["id": "5"])
        _ = try await unreachable(recorder)
        await stranger.shutdown()
        // A certificate for another name, at an address that leads to the same broker.
        let other = url.replacing("@127.0.0.1", with: "@127.0.0.2")
        let elsewhere = EventRecorder()
        let mistaken = notifier(try settings(other, "ssl = true\nssl_ca_file = \(authorities)"), elsewhere)
        mistaken.tell("image.create", ["id": "6"])
        #expect(try await unreachable(elsewhere).metadata["error"]?.contains("SSL") == true)
        await mistaken.shutdown()
        // Unless it is not to be compared, or it is one of the names.
        let local = url.replacing("@127.0.0.1", with: "@localhost")
        for (url, options) in [(other, "ssl_enforce_hostname_verification = false"), (local, "")] {
            let trusting = notifier(
                try settings(url, "ssl = true\nssl_ca_file = \(authorities)\n\(options)"), recorder)
            trusting.tell("image.create", ["id": "7"])
            await trusting.shutdown()
        }
        let arrived = try await withNotificationListener(at: url, authorities: authorities) { listener in
            [try await listener.next(), try await listener.next()]
        }
        #expect(arrived.map { $0["payload"] } == [["id": "7"], ["id": "7"]])
        #expect(recorder.occurrences(of: .notificationsDropped).map { $0.metadata["dropped"] } == ["1"])
    }

    private func refusedOnes(_ url: String) async throws {
        let recorder = EventRecorder()
        let credentials = url.split(separator: "@").first ?? ""
        let password = try #require(credentials.split(separator: ":").last)
        let notifier = notifier(try settings(url.replacing(password, with: "wrong-password"), Self.soon), recorder)
        notifier.tell("image.create", ["id": "1"])
        let entry = try await unreachable(recorder)
        #expect(entry.metadata["error"]?.contains("ACCESS_REFUSED") == true)
        #expect(entry.metadata["error"]?.contains("wrong-password") == false)
        await notifier.shutdown()
        #expect(recorder.occurrences(of: .notificationsDropped).map { $0.metadata["dropped"] } == ["1"])
    }

    /// The beginning of an outage.
    private func unreachable(_ recorder: EventRecorder) async throws -> EventRecorder.Entry {
        for await entry in recorder.stream where entry.isOccurrence(of: .brokerUnreachable) { return entry }
        throw TestFailure("no outage")
    }

    /// Told once, and nothing is lost that fits into the queue.
    private func restart(_ rabbit: SupportServer) async throws {
        let url = try rabbit.setting("RABBITMQ_URL")
        let recorder = EventRecorder()
        let broker = try #require(try settings(url, Self.soon).broker)
        let sink = BrokerSink(broker, process: "test", logger: recorder.logger, capacity: 50)
        let notifier = Notifier(publisher: "image.node", sinks: [sink])
        notifier.tell("image.create", ["id": 0])
        let first = try await withNotificationListener(at: url) { try await $0.next() }
        #expect(first["payload"]["id"] == 0)

        try await rabbit.stop()
        for number in 1...60 { notifier.tell("image.create", ["id": .integer(Int64(number))]) }
        _ = try await unreachable(recorder)
        try await rabbit.start()
        let kept = try await withNotificationListener(at: url) { listener in
            var kept: [Int?] = []
            for _ in 1...50 { kept.append(try await listener.next()["payload"]["id"].int) }
            return kept
        }
        #expect(kept == Array(1...50))
        await notifier.shutdown()
        #expect(recorder.occurrences(of: .brokerUnreachable).count == 1)
        #expect(recorder.occurrences(of: .brokerBack).map { $0.metadata["dropped"] } == ["10"])
        #expect(recorder.occurrences(of: .notificationsDropped).isEmpty)
    }

    @Test func withoutRetriesWhatFailsIsDropped() async throws {
        let port = try Site.freePort()
        let recorder = EventRecorder()
        var broker = try #require(try settings("rabbit://127.0.0.1:\(port)", Self.soon).broker)
        broker.retries = 0
        let notifier = Notifier(
            publisher: "image.node", sinks: [BrokerSink(broker, process: "test", logger: recorder.logger)])
        notifier.tell("image.create", ["id": 1])
        _ = try await unreachable(recorder)
        await notifier.shutdown()
        #expect(recorder.occurrences(of: .brokerUnreachable).count == 1)
        #expect(recorder.occurrences(of: .notificationsDropped).map { $0.metadata["dropped"] } == ["1"])
    }
}
