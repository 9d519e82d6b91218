import ImageModel
import JSON
import Testing
import TextCoding

@testable import ImageAPI

@Suite struct ImageMembersTests {
    @Test func document() throws {
        let created = Timestamp(microseconds: 1_767_225_600_000_000)
        let member = ImageMember(
            imageID: "i", project: "p", status: .accepted, createdAt: created,
            updatedAt: created.advanced(bySeconds: 61))
        var writer = JSONWriter()
        MemberDocument.write(member, to: &writer)
        #expect(
            try JSONValue.parse(writer.bytes) == [
                "member_id": "p", "image_id": "i", "status": "accepted", "created_at": "2026-01-01T00:00:00Z",
                "updated_at": "2026-01-01T00:01:01Z", "schema": "/v2/schemas/member",
            ])
    }

    @Test func projects() throws {
        #expect(try ImageMembers.project(in: ["member": "p", "other": 1]) == "p")
        let refused: [JSONValue] = [
            [:], ["member": ""], ["member": 5], ["member": .null], [], "member", .null, ["member": ["p"]],
            ["member": "\u{1F600}"], ["member": .string(String(repeating: "p", count: 256))],
        ]
        for body in refused {
            let error = #expect(throws: APIError.self) { try ImageMembers.project(in: body) }
            #expect(error?.status == .badRequest)
        }
    }

    @Test func statuses() throws {
        for status in ImageMember.Status.allCases {
            #expect(try ImageMembers.status(in: ["status": .string(status.rawValue)]) == status)
        }
        let refused: [JSONValue] = [[:], ["status": "maybe"], ["status": ""], ["status": 1], [], "accepted", .null]
        for body in refused {
            let error = #expect(throws: APIError.self) { try ImageMembers.status(in: body) }
            #expect(error?.status == .badRequest)
        }
    }
}
