import TestSupport
import Testing

/// Everything a service tells about its images: what clients would notice if it changed.
struct Inventory: Sendable {
    struct Image: Sendable {
        var shown: JSON
        var members: [JSON]
        /// Status of the download, and its bytes.
        var status: Int
        var data: [UInt8]
    }

    /// By id.
    var images: [String: Image] = [:]

    init(_ client: ImageClient) async throws {
        var listed = try await client.list("visibility=all&os_hidden=false")
        listed += try await client.list("visibility=all&os_hidden=true")
        for entry in listed {
            guard let id = entry["id"].string else { throw TestFailure("an image without an id in the list") }
            let shown = try await client.expect(200, "GET", "/v2/images/\(id)").json
            #expect(Self.comparable(shown) == Self.comparable(entry), "list and show of \(id)")
            let members = try await client.request("GET", "/v2/images/\(id)/members")
            let file = try await client.request("GET", "/v2/images/\(id)/file")
            images[id] = Image(
                shown: shown,
                members: members.json["members"].array.sorted {
                    ($0["member_id"].string ?? "") < ($1["member_id"].string ?? "")
                },
                status: file.status,
                data: file.body)
        }
    }

    func id(named name: String) throws -> String {
        guard let id = images.first(where: { $0.value.shown["name"].string == name })?.key else {
            throw TestFailure("no image \(name)")
        }
        return id
    }

    func expectSame(as other: Inventory) {
        #expect(Set(images.keys) == Set(other.images.keys))
        for (id, image) in images {
            guard let before = other.images[id] else { continue }
            #expect(Self.comparable(image.shown) == Self.comparable(before.shown))
            #expect(image.members == before.members)
            #expect(image.status == before.status, "download of \(before.shown["name"])")
            #expect(image.data == before.data, "data of \(before.shown["name"])")
        }
    }

    /// Tags have no order.
    private static func comparable(_ image: JSON) -> JSON {
        guard case .object(var members) = image, case .array(let tags) = members["tags"] else { return image }
        members["tags"] = .array(tags.sorted { ($0.string ?? "") < ($1.string ?? "") })
        return .object(members)
    }

    /// Nine images, one for each thing that can be peculiar about one, and one that was deleted.
    static func populate(_ client: ImageClient) async throws {
        func add(_ name: String, _ attributes: [String: JSON] = [:], bytes: Int?) async throws -> String {
            let id = try await client.create(attributes.merging(["name": .string(name)]) { given, _ in given })
            if let bytes {
                let answer = try await client.upload(id, Noise.bytes(bytes, seed: UInt64(bytes)))
                guard answer.status == 204 else { throw TestFailure("upload of \(name): \(answer.status)") }
            }
            return id
        }
        _ = try await add("small", bytes: 1)
        _ = try await add("large", ["owner": "project-a"], bytes: 5_000_003)
        _ = try await add(
            "rich",
            [
                "owner": "project-a", "min_disk": 3, "min_ram": 64, "os_distro": "debian", "os_version": "12",
                "description": "Zeichen: äöü €", "empty": "", "tags": ["blue", "red"],
            ], bytes: 65536)
        _ = try await add("public", ["owner": "project-a", "visibility": "public"], bytes: 4096)
        let shared = try await add("shared", ["owner": "project-a", "visibility": "shared"], bytes: 10)
        for member in ["project-b", "project-c"] {
            try await client.expect(200, "POST", "/v2/images/\(shared)/members", json: ["member": .string(member)])
        }
        _ = try await add("hidden", ["os_hidden": true, "visibility": "community"], bytes: 20)
        _ = try await add("protected", ["protected": true], bytes: 30)
        let deactivated = try await add("deactivated", ["owner": "project-b"], bytes: 40)
        try await client.expect(204, "POST", "/v2/images/\(deactivated)/actions/deactivate")
        _ = try await add("queued", bytes: nil)
        let deleted = try await add("deleted", bytes: 50)
        try await client.expect(204, "DELETE", "/v2/images/\(deleted)")
    }
}
