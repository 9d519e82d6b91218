import Foundation
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// What other services hear of us, beside what they hear of Glance.
    @Suite(.serialized) struct NotificationTests {
        @Test(.timeLimit(.minutes(10)))
        func othersHearTheSameAsFromGlance() async throws {
            try await withServer("rabbitmq") { rabbit in
                let theirs = try await heard(of: .glance33, rabbit) { _, _ in }
                let ours = try await heard(of: .ours, rabbit) { client, listener in
                    // By the importer, a process of its own. Without Keystone, Glance has nobody to own its task.
                    try await importImage(client)
                    let events = Set(try await listener.next(upTo: "task.success").map { $0["event"].string })
                    #expect(
                        events.isSuperset(of: ["image.prepare", "image.upload", "image.activate", "task.processing"]))
                }
                #expect(ours.map(\.line) == theirs.map(\.line))
                for (ours, theirs) in zip(ours, theirs) {
                    #expect(ours.comparable == theirs.comparable, "\(theirs.line)")
                }
            }
        }

        @Test(.timeLimit(.minutes(10)))
        func aBrokerThatIsAwayDelaysNobody() async throws {
            try await withServer("rabbitmq") { rabbit in
                try await withTemporaryDirectory { directory in
                    let site = try site(in: directory, rabbit)
                    try await site.synchronizeDatabase(.ours)
                    try await withGlance(.ours, site) { glance in
                        let client = glance.client
                        var ids = [try await client.create()]
                        try await rabbit.stop()
                        for _ in 0..<20 {
                            let id = try await client.create()
                            #expect(try await client.upload(id, [1, 2, 3]).status == 204)
                            ids.append(id)
                        }
                        let outage = "Notifications cannot be sent"
                        while try count(outage, in: glance.log) == 0 { try await Task.sleep(for: .milliseconds(50)) }
                        try await client.expect(200, "GET", "/v2/images/\(ids[5])/file")
                        try await rabbit.start()
                        let url = try rabbit.setting("RABBITMQ_URL")
                        try await withNotificationListener(at: url) { listener in
                            var created: [String] = []
                            while created.last != ids.last {
                                let notification = try await listener.next()
                                if notification["event"].string == "image.create" {
                                    created.append(notification["payload"]["id"].string ?? "")
                                }
                            }
                            // The first one may have been in a queue that was not to survive the broker.
                            #expect(created.filter { $0 != ids[0] } == Array(ids.dropFirst()))
                        }
                        #expect(try count(outage, in: glance.log) == 1)
                    }
                }
            }
        }

        // MARK: Parts

        /// What the listener has got of one notification.
        private struct Heard: Sendable {
            var line: String
            var payload: JSON

            /// The payload without what is another one each time.
            var comparable: JSON {
                guard case .object(var members) = payload else { return .null }
                for (name, value) in members {
                    let isOther = ["id", "image_id", "created_at", "updated_at", "deleted_at"].contains(name)
                    if isOther, value != .null { members[name] = "something" }
                }
                // Python's sets have no order.
                if let tags = members["tags"]?.array.compactMap(\.string) {
                    members["tags"] = .array(tags.sorted().map { .string($0) })
                }
                return .object(members)
            }
        }

        private func count(_ text: String, in log: String) throws -> Int {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").count { $0.contains(text) }
        }

        private func site(in directory: String, _ rabbit: SupportServer) throws -> Site {
            let site = try Site(
                directory: directory, workers: 1,
                settings: [
                    "transport_url": rabbit.setting("RABBITMQ_URL"), "default_publisher_id": "image.node",
                    "enabled_import_methods": "[glance-direct]",
                ])
            try site.append("[oslo_messaging_notifications]\ndriver = messagingv2\n")
            return site
        }

        private func heard(
            of release: Release, _ rabbit: SupportServer,
            afterwards: (ImageClient, NotificationListener) async throws -> Void
        ) async throws -> [Heard] {
            try await withTemporaryDirectory { directory in
                let site = try site(in: directory, rabbit)
                try await site.synchronizeDatabase(release)
                return try await withNotificationListener(at: rabbit.setting("RABBITMQ_URL")) { listener in
                    try await withGlance(release, site) { glance in
                        try await ask(glance.client)
                        let notifications = try await listener.next(upTo: "metadef_namespace.delete")
                        try await afterwards(glance.client, listener)
                        return Self.heard(notifications)
                    }
                }
            }
        }

        private static func heard(_ notifications: [JSON]) -> [Heard] {
            notifications.map {
                Heard(line: "\($0["event"].string ?? "") \($0["priority"].string ?? "")", payload: $0["payload"])
            }
        }

        private func ask(_ client: ImageClient) async throws {
            let id = try await client.create(["name": "one", "tags": ["x"], "os_distro": "debian", "min_ram": 5])
            let image = "/v2/images/\(id)"
            #expect(try await client.upload(id, Noise.bytes(1000, seed: 1)).status == 204)
            try await client.expect(200, "GET", image + "/file")
            try await client.patch(id, [["op": "replace", "path": "/name", "value": "two"]])
            try await client.expect(204, "PUT", image + "/tags/y")
            try await client.expect(204, "DELETE", image + "/tags/y")
            try await client.expect(200, "POST", image + "/members", json: ["member": "project"])
            try await client.expect(200, "PUT", image + "/members/project", json: ["status": "accepted"])
            try await client.expect(204, "DELETE", image + "/members/project")
            try await client.expect(204, "POST", image + "/actions/deactivate")
            try await client.expect(204, "POST", image + "/actions/reactivate")
            try await client.expect(204, "DELETE", image)

            let namespaces = "/v2/metadefs/namespaces"
            try await client.expect(
                201, "POST", namespaces,
                json: [
                    "namespace": "N", "display_name": "Shown", "description": "About", "owner": "me",
                    "objects": [["name": "o", "properties": ["a": ["title": "A", "type": "string"]]]],
                    "properties": ["p": ["title": "P", "type": "integer", "minimum": 0, "default": 5]],
                    "tags": [["name": "t"]], "resource_type_associations": [["name": "R", "prefix": "r_"]],
                ])
            let path = namespaces + "/N"
            try await client.expect(200, "PUT", path + "/objects/o", json: ["name": "o2", "description": "d"])
            try await client.expect(
                200, "PUT", path + "/properties/p", json: ["name": "p2", "title": "P", "type": "string"])
            try await client.expect(200, "PUT", path + "/tags/t", json: ["name": "t2"])
            try await client.expect(201, "POST", path + "/tags", json: ["tags": [["name": "u"], ["name": "v"]]])
            try await client.expect(201, "POST", path + "/resource_types", json: ["name": "S"])
            for deleted in ["objects/o2", "properties/p2", "tags/u", "resource_types/R"] {
                try await client.expect(204, "DELETE", path + "/" + deleted)
            }
            for deleted in ["objects", "properties", "tags"] {
                try await client.expect(204, "DELETE", path + "/" + deleted)
            }
            try await client.expect(200, "PUT", path, json: ["namespace": "M", "owner": "me"])
            try await client.expect(204, "DELETE", namespaces + "/M")
        }

        private func importImage(_ client: ImageClient) async throws {
            let id = try await client.create()
            let staged = try await client.request(
                "PUT", "/v2/images/\(id)/stage", headers: [("Content-Type", "application/octet-stream")],
                body: .bytes(ByteBuffer(bytes: Noise.bytes(1000, seed: 1))))
            #expect(staged.status == 204)
            try await client.expect(
                202, "POST", "/v2/images/\(id)/import", json: ["method": ["name": "glance-direct"]])
        }
    }
}
