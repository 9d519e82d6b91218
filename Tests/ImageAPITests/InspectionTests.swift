import HTTPTypes
import JSON
import Testing

@testable import ImageAPI

/// What an image is said to be, what it is, and what comes of it; the table is that of a real Glance 33.
@Suite struct InspectionTests {
    private static func qcow(backing: UInt8 = 0, features: UInt8 = 0) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 1024)
        bytes.replaceSubrange(0..<8, with: "QFI".utf8 + [0xFB, 0, 0, 0, 3])
        (bytes[15], bytes[28], bytes[79]) = (backing, 1, features)
        return bytes
    }

    private static func partitioned(flag: UInt8 = 0, count: Int = 1024) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        (bytes[446], bytes[448], bytes[450], bytes[454], bytes[510], bytes[511]) = (flag, 2, 0xEE, 1, 0x55, 0xAA)
        return bytes
    }

    private static let hybrid: [UInt8] = {
        var bytes = partitioned(count: 40960)
        bytes.replaceSubrange(32768..<32774, with: [1] + Array("CD001".utf8))
        (bytes[32848], bytes[32897]) = (10, 8)
        return bytes
    }()

    private static let noise = [UInt8](repeating: 0x33, count: 1024)

    private func upload(
        _ bytes: [UInt8], as format: String, _ client: TestClient, accept: String? = nil
    ) async throws -> (answer: TestClient.Answer, image: [String: JSONValue]) {
        let body = #"{"disk_format": "\#(format)", "container_format": "bare"}"#
        let created = try await client.send(.post, "/v2/images", body: body)
        let path = "/v2/images/\(try #require(try created.members["id"]?.stringValue, "\(created.body)"))"
        var headers: HTTPFields = [.contentType: "application/octet-stream"]
        headers[.accept] = accept
        let answer = try await client.send(.put, path + "/file", headers: headers, bytes: bytes)
        let image = try await client.send(.get, path).members
        #expect(try await client.send(.get, path + "/file").status == (answer.status == 204 ? 200 : 204))
        return (answer, image)
    }

    @Test(
        arguments: [
            ("qcow2", qcow(), 1 << 24), ("raw", qcow(), 1024), ("raw", noise, 1024), ("ploop", noise, nil),
            ("ami", noise, nil), ("aki", partitioned(flag: 1), nil), ("ari", partitioned(flag: 1), nil),
            ("raw", partitioned(), 1024), ("iso", hybrid, 20480),
        ] as [(String, [UInt8], Int64?)])
    func whatFitsIsAccepted(format: String, bytes: [UInt8], virtualSize: Int64?) async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let (answer, image) = try await upload(bytes, as: format, client)
        #expect(answer.status == 204, "\(answer.body)")
        #expect(image["status"] == "active" && image["size"] == .integer(Int64(bytes.count)))
        #expect(image["virtual_size"] == virtualSize.map { .integer($0) } ?? .null)
    }

    @Test(
        arguments: [
            ("qcow2", qcow(backing: 1), "qcow2): backing_file: "), ("qcow2", qcow(features: 4), "qcow2): data_file: "),
            ("qcow2", qcow(features: 0x40), "qcow2): unknown_features: "), ("raw", qcow(backing: 1), "backing_file: "),
            ("iso", noise, "disk_format is iso, but the data are raw"), ("vhd", noise, "but the data are raw"),
            ("vmdk", noise, "but the data are raw"), ("ploop", qcow(), "but the data are qcow2"),
            ("raw", partitioned(flag: 1), "gpt): mbr: "), ("qcow2", hybrid, "but the data are iso"),
            ("raw", hybrid, "several formats: gpt, iso"),
        ])
    func whatDoesNotFitIs415WithTheReason(format: String, bytes: [UInt8], reason: String) async throws {
        let client = try await ResourceHarness().member(of: "p1")
        let (answer, image) = try await upload(bytes, as: format, client, accept: "application/json")
        #expect(answer.status == 415)
        #expect(answer.body.contains(reason), "\(answer.body)")
        #expect(image["status"] == "queued" && image["size"] == .null && image["virtual_size"] == .null)
        #expect(image["checksum"] == .null)
    }

    /// `require_image_format_match = false`
    @Test func theOperatorMayTurnTheComparisonOff() async throws {
        let client = try await ResourceHarness("[image_format]\nrequire_image_format_match = false\n[DEFAULT]")
            .member(of: "p1")
        #expect(try await upload(Self.noise, as: "iso", client).answer.status == 204)
        #expect(try await upload(Self.qcow(backing: 1), as: "qcow2", client).answer.status == 415)
    }
}
