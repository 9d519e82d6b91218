import JSON
import Testing
import TextCoding

@testable import Notifications

struct NotificationTests {
    private let notification = Notification(
        id: "5b0c2a52-7b56-4a3f-9d8c-0f5a6f0a3b11", publisher: "node", type: "image.create", priority: .info,
        payload: ["id": "1"], time: Timestamp(microseconds: 1_000_000))

    private var inner: JSONValue {
        [
            "message_id": "5b0c2a52-7b56-4a3f-9d8c-0f5a6f0a3b11", "publisher_id": "node", "event_type": "image.create",
            "priority": "INFO", "payload": ["id": "1"], "timestamp": "1970-01-01 00:00:01.000000", "_unique_id": "ab",
        ]
    }

    @Test func messagingSendsTheBareMessage() throws {
        #expect(try JSONValue.parse(notification.body(.messaging, uniqueID: "ab")) == inner)
    }

    @Test func messagingv2WrapsTheMessageAsText() throws {
        let envelope = try JSONValue.parse(notification.body(.messagingv2, uniqueID: "ab"))
        #expect(envelope.objectValue?.count == 2)
        #expect(envelope["oslo.version"] == "2.0")
        #expect(try JSONValue.parse(#require(envelope["oslo.message"]?.stringValue)) == inner)
    }

    @Test func routingKeyEndsInThePriority() {
        #expect(NotificationPriority.error.routingKey(topic: "notifications") == "notifications.error")
    }

    @Test func disabledByWholeNameOrFirstPart() {
        let member = DisabledNotifications(["image.member", "task.run"])
        #expect(!member.contains("image.member.create"))
        #expect(member.contains("task.run"))
        #expect(!member.contains("task.create"))
        #expect(DisabledNotifications(["image"]).contains("image.member.create"))
    }

    private func message(_ payload: JSONValue) -> QueuedMessage {
        var notification = notification
        notification.payload = payload
        return QueuedMessage(notification, formats: [.messagingv2], uniqueID: "ab")
    }

    @Test func fullQueueDropsTheNewestAndCountsThem() {
        let queue = NotificationQueue(capacity: 2, size: 1 << 20)
        #expect(queue.offer(message(1)) == .first)
        #expect(queue.offer(message(2)) == .taken)
        #expect(queue.offer(message(3)) == .dropped)
        #expect(queue.takeDropped() == 1)
        #expect(queue.takeDropped() == 0)
        #expect(queue.first(5) == [message(1), message(2)])
        queue.remove(1)
        #expect(queue.first(5) == [message(2)])
        queue.drop(1)
        #expect(queue.count == 0 && queue.takeDropped() == 1)
        #expect(queue.offer(message(4)) == .first)
    }

    @Test func largePayloadsTakeTheRoomOfMany() {
        let queue = NotificationQueue(capacity: 100, size: 10_000)
        let large = message(.string(String(repeating: "x", count: 6000)))
        #expect(queue.offer(large) == .first)
        #expect(queue.offer(large) == .dropped)
        #expect(queue.offer(message(1)) == .taken)
        queue.remove(2)
        #expect(queue.offer(large) == .first)
    }
}
