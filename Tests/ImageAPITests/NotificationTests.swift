import HTTPTypes
import JSON
import TestSupport
import Testing

@testable import ImageAPI

/// What others are told of downloads and of metadata definitions.
@Suite struct NotificationTests {
    private let told = NotificationRecorder()

    @Test func downloadsAreToldWithWhoGotHowMuch() async throws {
        let harness = try await ResourceHarness(notifier: told.notifier)
        let owner = await harness.member(of: "mine")
        let made = try await owner.send(
            .post, "/v2/images", body: #"{"disk_format": "raw", "container_format": "bare"}"#)
        let id = try #require(try made.members["id"]?.stringValue)
        let octets: HTTPFields = [.contentType: "application/octet-stream"]
        #expect(try await owner.send(.put, "/v2/images/\(id)/file", headers: octets, body: "data").status == 204)
        #expect(try await owner.send(.get, "/v2/images/\(id)/file").status == 200)
        #expect(try await owner.send(.get, "/v2/images/\(id)/file", headers: [.range: "bytes=1-2"]).status == 206)
        // Nothing is sent, so nothing is told.
        #expect(try await owner.send(.get, "/v2/images/\(id)/file", headers: [.ifNoneMatch: "*"]).status == 304)
        let sent = told.ofType("image.send")
        #expect(sent.map(\.priority) == [.info, .info])
        #expect(sent.map { $0.payload["bytes_sent"] } == [4, 2])
        #expect(
            sent[0].payload.objectValue.map { Set($0.keys) } == [
                "bytes_sent", "image_id", "owner_id", "receiver_tenant_id", "receiver_user_id",
            ])
        #expect(sent[0].payload["image_id"] == .string(id) && sent[0].payload["owner_id"] == "mine")
        #expect(sent[0].payload["receiver_tenant_id"] == "mine")
    }

    @Test func metadataDefinitionsAreTold() async throws {
        let harness = try await ResourceHarness(notifier: told.notifier)
        let admin = await harness.admin()
        let path = "/v2/metadefs/namespaces/N"
        let namespace = """
            {"namespace": "N", "objects": [{"name": "o", "properties": {"a": {"title": "A", "type": "string"}}}], \
            "properties": {"p": {"title": "P", "type": "integer", "minimum": 0}}, "tags": [{"name": "t"}], \
            "resource_type_associations": [{"name": "R", "prefix": "r_"}]}
            """
        #expect(try await admin.send(.post, "/v2/metadefs/namespaces", body: namespace).status == 201)
        #expect(
            told.types == [
                "metadef_namespace.create", "metadef_resource_type.create", "metadef_object.create",
                "metadef_tag.create", "metadef_property.create",
            ])
        let first = told.notifications.map(\.payload)
        #expect(
            first[0].objectValue.map { Set($0.keys) } == [
                "namespace", "namespace_old", "display_name", "protected", "visibility", "owner", "description",
                "created_at", "updated_at", "deleted", "deleted_at",
            ])
        #expect(first[1]["prefix"] == "r_" && first[1]["namespace"] == "N" && first[1]["name_old"] == "R")
        let inner = try #require(first[2]["properties"]?.arrayValue?.first?.objectValue)
        #expect(inner["name"] == "a" && inner["title"] == "A" && inner["minimum"] == .null && inner.count == 17)
        #expect(first[3]["name"] == "t" && first[3]["namespace"] == "N")
        // A property has no times.
        #expect(first[4]["minimum"] == 0 && first[4].objectValue?.count == 21 && first[4]["created_at"] == nil)

        for (method, path, body) in [
            (HTTPRequest.Method.put, path + "/objects/o", #"{"name": "o2"}"#),
            (.put, path + "/properties/p", #"{"name": "p2", "title": "P", "type": "string"}"#),
            (.put, path + "/tags/t", #"{"name": "t2"}"#), (.post, path + "/tags/t3", ""),
            (.post, path + "/tags", #"{"tags": [{"name": "u"}, {"name": "v"}]}"#),
            (.post, path + "/resource_types", #"{"name": "S"}"#),
            (.delete, path + "/objects/o2", ""), (.delete, path + "/properties/p2", ""),
            (.delete, path + "/tags/u", ""),
            (.delete, path + "/resource_types/R", ""), (.delete, path + "/objects", ""),
            (.delete, path + "/properties", ""), (.delete, path + "/tags", ""),
            (.put, path, #"{"namespace": "M"}"#), (.delete, "/v2/metadefs/namespaces/M", ""),
        ] {
            #expect(try await admin.send(method, path, body: body).status < 300, "\(method) \(path)")
        }
        let rest = told.notifications.dropFirst(5)
        #expect(
            rest.map(\.type) == [
                "metadef_object.update", "metadef_property.update", "metadef_tag.update", "metadef_tag.create",
                "metadef_tag.create", "metadef_tag.create", "metadef_resource_type.create", "metadef_object.delete",
                "metadef_property.delete", "metadef_tag.delete", "metadef_resource_type.delete",
                "metadef_namespace.delete_objects", "metadef_namespace.delete_properties",
                "metadef_namespace.delete_tags", "metadef_namespace.update", "metadef_namespace.delete",
            ])
        for (index, names) in [("o", "o2"), ("p", "p2"), ("t", "t2")].enumerated() {
            let payload = rest[5 + index].payload
            #expect(payload["name_old"] == .string(names.0) && payload["name"] == .string(names.1))
        }
        for notification in rest where notification.type.hasSuffix(".delete") {
            #expect(notification.payload["deleted"] == true && notification.payload["deleted_at"] != .null)
        }
        #expect(rest[19].payload["namespace_old"] == "N" && rest[19].payload["namespace"] == "M")
    }
}
