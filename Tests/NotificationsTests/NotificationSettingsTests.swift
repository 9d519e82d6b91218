import Events
import JSON
import Logging
import OsloConfig
import Synchronization
import TestSupport
import Testing

@testable import Notifications

struct NotificationSettingsTests {
    private func settings(_ text: String) throws -> NotificationSettings {
        try NotificationSettings(Configuration(text: text))
    }

    @Test func withoutADriverNothingIsTold() throws {
        let settings = try settings("[DEFAULT]\ntransport_url = nonsense")
        #expect(settings.broker == nil && !settings.logs && settings.warnings.isEmpty)
        #expect(!Notifier(settings, process: "test", logger: EventRecorder().logger).tells("image.create"))
        #expect(try self.settings("[oslo_messaging_notifications]\ndriver = noop").broker == nil)
    }

    @Test func notificationsHaveAnAddressOfTheirOwn() throws {
        let settings = try settings(
            """
            [DEFAULT]
            transport_url = rabbit://one
            control_exchange = images
            [oslo_messaging_notifications]
            driver = messagingv2
            driver = messaging
            transport_url = rabbit://two
            topics = notifications, billing
            retry = 3
            """)
        let broker = try #require(settings.broker)
        #expect(broker.url.hosts.map(\.name) == ["two"])
        #expect(broker.formats == [.messagingv2, .messaging])
        #expect(broker.topics == ["notifications", "billing"])
        #expect(broker.exchange == "images" && broker.retries == 3 && broker.heartbeat == 60)
    }

    @Test func theQueryOfTheAddressHasTheLastWord() throws {
        let broker = try #require(
            try settings(
                """
                [DEFAULT]
                transport_url = rabbit://one?ssl=0&heartbeat_timeout_threshold=7&kombu_reconnect_delay=0.5
                [oslo_messaging_notifications]
                driver = messagingv2
                [oslo_messaging_rabbit]
                ssl = true
                rabbit_quorum_queue = true
                rabbit_quorum_delivery_limit = 5
                """
            ).broker)
        #expect(broker.tls == nil && broker.heartbeat == 7 && broker.reconnectDelay == 0.5)
        #expect(broker.isDurable && broker.arguments.map(\.name) == ["x-queue-type", "x-delivery-limit"])
    }

    @Test(arguments: [
        ("transport_url = rabbit://host:port", ""),
        ("transport_url = kafka://host", ""),
        ("transport_url = rabbit://host?ssl=perhaps", ""),
        ("transport_url = rabbit://host?ssl=1&ssl_version=9", ""),
        ("", "rabbit_quorum_queue = true\nrabbit_ha_queues = true"),
    ])
    func whatWouldNeverWorkIsRefused(address: String, options: String) throws {
        #expect(throws: NotificationSettingsError.self) {
            try settings(
                """
                [DEFAULT]
                \(address)
                [oslo_messaging_notifications]
                driver = messagingv2
                [oslo_messaging_rabbit]
                \(options)
                """)
        }
    }

    @Test func unknownDriversAreNamed() throws {
        let settings = try settings("[oslo_messaging_notifications]\ndriver = routing\ndriver = log")
        #expect(settings.logs && settings.broker == nil)
        #expect(settings.warnings.count == 1 && settings.warnings[0].contains("routing"))
    }

    @Test func theDriverLogWritesLinesUnderTheNameOfTheEvent() throws {
        let recorder = EventRecorder()
        let labels = Mutex<[String]>([])
        let sink = LogSink { label in
            labels.withLock { $0.append(label) }
            return recorder.logger
        }
        let notifier = Notifier(publisher: "image.node", sinks: [sink])
        notifier.tell("image.create", ["id": "1"])
        notifier.tell("image.upload", priority: .error, "why")
        #expect(
            labels.withLock { $0 } == [
                "oslo.messaging.notification.image.create", "oslo.messaging.notification.image.upload",
            ])
        #expect(recorder.entries.map(\.level) == [.info, .error])
        let message = try JSONValue.parse(recorder.entries[0].message)
        #expect(message["payload"] == ["id": "1"] && message["priority"] == "INFO")
    }

    @Test func payloadsOfDisabledTypesAreNotEvenMade() {
        let heard = Mutex<[String]>([])
        let notifier = Notifier(disabled: ["image", "task.run"]) { notification in
            heard.withLock { $0.append(notification.type) }
        }
        func payload() -> JSONValue {
            Issue.record("a payload for nobody")
            return .null
        }
        notifier.tell("image.member.create", payload())
        notifier.tell("task.run", payload())
        notifier.tell("task.create", [:])
        #expect(heard.withLock { $0 } == ["task.create"])
    }
}
