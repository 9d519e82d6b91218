import HTTPTypes
import ImageModel
import Testing

@testable import ImageAPI

/// What went wrong in Glance's history and must not here, as far as it shows in requests; one test for each number.
@Suite struct SecurityHistoryTests {
    private let octets: HTTPFields = [.contentType: "application/octet-stream"]
    private let patch: HTTPFields = [.contentType: "application/openstack-images-v2.1-json-patch"]

    private func newImage(_ client: TestClient, headers: HTTPFields = [:]) async throws -> String {
        let body = #"{"disk_format": "raw", "container_format": "bare"}"#
        let answer = try await client.send(.post, "/v2/images", headers: headers, body: body)
        #expect(answer.status == 201, "\(answer.body)")
        return try #require(try answer.members["id"]?.stringValue)
    }

    private static func header(_ name: String) throws -> HTTPField.Name { try #require(HTTPField.Name(name)) }

    @Test("CVE-2013-4428: the download policy counts for whoever has the bytes already, too")
    func policyComesBeforeConditions() async throws {
        let harness = try await ResourceHarness()
        let (owner, reader) = (await harness.member(of: "p1"), await harness.reader(of: "p1"))
        let path = "/v2/images/\(try await newImage(owner))/file"
        #expect(try await owner.send(.put, path, headers: octets, body: "data").status == 204)
        let tag = try #require(try await owner.send(.get, path).headers[.eTag])
        #expect(try await owner.send(.get, path, headers: [.ifNoneMatch: tag]).status == 304)
        for headers in [[:], [.ifNoneMatch: tag], [.ifMatch: "\"other\""], [.range: "bytes=9-"]] as [HTTPFields] {
            #expect(try await reader.send(.get, path, headers: headers).status == 403)
        }
    }

    @Test("CVE-2015-5251: nobody sets the status of an image")
    func statusIsReadOnly() async throws {
        let harness = try await ResourceHarness()
        for client in [await harness.member(of: "p1"), await harness.admin()] {
            #expect(try await client.send(.post, "/v2/images", body: #"{"status": "active"}"#).status == 403)
            let status = try Self.header("X-Image-Meta-Status")
            let path = "/v2/images/\(try await newImage(client, headers: [status: "active"]))"
            for operation in ["add", "replace"] {
                let change = #"[{"op": "\#(operation)", "path": "/status", "value": "active"}]"#
                #expect(try await client.send(.patch, path, headers: patch, body: change).status == 403)
            }
            #expect(try await client.send(.put, path, headers: [status: "active"], body: "").status == 405)
            #expect(try await client.send(.get, path).members["status"] == "queued")

            #expect(try await client.send(.put, path + "/file", headers: octets, body: "data").status == 204)
            let change = #"[{"op": "replace", "path": "/status", "value": "queued"}]"#
            #expect(try await client.send(.patch, path, headers: patch, body: change).status == 403)
            #expect(try await client.send(.put, path + "/file", headers: octets, body: "else").status == 409)
            #expect(try await client.send(.get, path + "/file").body == "data")
        }
    }

    @Test("CVE-2014-9493: ids are no paths", arguments: ["..%2f..%2fetc%2fpasswd", "%2fetc%2fpasswd", "..", "."])
    func idsAreNoPaths(id: String) async throws {
        let client = try await ResourceHarness().admin()
        let answers = [
            try await client.send(.get, "/v2/images/\(id)/file"),
            try await client.send(.put, "/v2/images/\(id)/file", headers: octets, body: "data"),
            try await client.send(.delete, "/v2/images/\(id)"),
        ]
        #expect(answers.map(\.status) == [404, 404, 404])
        #expect(try await client.send(.post, "/v2/images", body: #"{"id": "../../etc/passwd"}"#).status == 400)
    }

    @Test("CVE-2017-7200, OSSN-0078: nothing is copied from a URL that a client names")
    func nothingIsCopied() async throws {
        let client = try await ResourceHarness().admin()
        // Nobody may listen there: a request to it would fail, and the image with it.
        let url = "http://127.0.0.1:9/"
        let id = try await newImage(client, headers: [try Self.header("X-Glance-API-Copy-From"): url])
        #expect(try await client.send(.get, "/v2/images/\(id)").members["status"] == "queued")
        let copy = try await client.send(.post, "/v2/images", body: #"{"copy_from": "\#(url)"}"#)
        #expect(try copy.members["status"] == "queued" && copy.members["size"] == .null)
        // Version 1, of which this was a part, is gone.
        let pipeline = try TestClient()
        #expect(try await pipeline.send(.post, "/v1/images", headers: [.authToken: "admin"]).status == 300)
    }
}
