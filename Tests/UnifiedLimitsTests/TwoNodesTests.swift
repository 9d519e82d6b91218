import AsyncHTTPClient
import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

/// Two nodes on one database, in front of a real Keystone, and a project that wants more than it may have.
@Suite struct TwoNodesTests {
    private static let mebibyte = 1 << 20
    private static let images = 200

    private struct Nodes: Sendable {
        let clients: [ImageClient]
        let http: HTTPClient

        subscript(index: Int) -> ImageClient { clients[index % clients.count] }

        /// `PUT /v2/images/{id}/file` on a connection of its own; the status.
        func upload(_ id: String, _ body: HTTPClientRequest.Body, on node: Int) async throws -> Int {
            let client = self[node]
            var request = HTTPClientRequest(url: client.url + "/v2/images/\(id)/file")
            request.method = .PUT
            request.headers.add(name: "Content-Type", value: "application/octet-stream")
            request.headers.add(name: "X-Auth-Token", value: client.token ?? "")
            request.body = body
            let response = try await http.execute(request, timeout: .seconds(120))
            _ = try await response.body.collect(upTo: 1 << 20)
            return Int(response.status.code)
        }

        func usage(_ resource: String) async throws -> (limit: Int?, usage: Int?) {
            let answer = try await clients[0].expect(200, "GET", "/v2/info/usage").json["usage"][resource]
            return (answer["limit"].int, answer["usage"].int)
        }

        /// Bytes of all images.
        func stored() async throws -> Int { try await clients[0].list().reduce(0) { $0 + ($1["size"].int ?? 0) } }

        /// Until something that nobody announces is so.
        func wait(_ what: String, until condition: () async throws -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(120)
            while try await !condition() {
                guard ContinuousClock.now < deadline else { throw TestFailure("still not: \(what)") }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }

    private func withNodes(
        _ admin: KeystoneAdministrator, database: String, _ body: (Nodes, [RunningGlance]) async throws -> Void
    ) async throws {
        let token = try await admin.keystone.token("demo", project: "demo")
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = Self.images
        configuration.timeout.connect = .seconds(60)
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
        try await withTemporaryDirectory { directory in
            var sites: [Site] = []
            for name in ["one", "other"] {
                let site = try Site(
                    directory: "\(directory)/\(name)", database: database, workers: 1,
                    keystone: admin.keystone.options(), settings: ["use_keystone_limits": "true"])
                let file = try #require(FileHandle(forWritingAtPath: site.configurationFile))
                try file.seekToEnd()
                try file.write(contentsOf: Data((admin.osloLimit() + "\nexact_size = true\n").utf8))
                try file.close()
                sites.append(site)
            }
            try await sites[0].synchronizeDatabase(.ours)
            let result: Result<Void, any Error>
            do {
                try await withGlance(.ours, sites[0]) { one in
                    try await withGlance(.ours, sites[1]) { other in
                        let clients = sites.map { ImageClient(url: $0.url, token: token) }
                        try await body(Nodes(clients: clients, http: http), [one, other])
                    }
                }
                result = .success(())
            } catch {
                result = .failure(error)
            }
            try await http.shutdown()
            try result.get()
        }
    }

    @Test(.timeLimit(.minutes(15))) func noLimitIsEverPassed() async throws {
        try await withServer("postgresql") { postgresql in
            try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { keystone in
                let admin = try await KeystoneAdministrator(keystone)
                let limits = try await admin.register([
                    "image_size_total": 8, "image_stage_total": 8, "image_count_total": 150,
                    "image_count_uploading": -1,
                ])
                let database = try postgresql.setting("POSTGRESQL_URL") + "/postgres"
                try await withNodes(admin, database: database) { nodes, running in
                    // Nobody has to wait for the limits: the service is ready when it has them.
                    var ids = try await createInParallel(nodes, expected: 150)

                    try await admin.changeRegistered(try #require(limits["image_count_total"]), to: 1000)
                    try await nodes.wait("the new limit") { try await nodes.usage("image_count_total").limit == 1000 }
                    while ids.count < Self.images { ids.append(try await nodes[ids.count].create()) }

                    try await uploadInParallel(nodes, ids)
                    ids = try await uploadMixed(nodes)
                    try await fillUp(nodes, ids[0])
                    try await stopEndlessUpload(nodes)
                    try await surviveCrash(nodes, running)

                    try await keystone.stop()
                    let (limit, count) = try await nodes.usage("image_count_total")
                    #expect(limit == 1000 && count != nil)
                    #expect(try await nodes[1].request("POST", "/v2/images", json: ["name": "x"]).status == 201)
                    try await keystone.start()
                }
            }
        }
    }

    private func createInParallel(_ nodes: Nodes, expected: Int) async throws -> [String] {
        let answers = try await withThrowingTaskGroup(of: ImageClient.Answer.self) { group in
            for index in 0..<Self.images {
                group.addTask {
                    try await nodes[index].request(
                        "POST", "/v2/images", json: ["disk_format": "raw", "container_format": "bare"])
                }
            }
            return try await group.reduce(into: [ImageClient.Answer]()) { $0.append($1) }
        }
        let ids = answers.filter { $0.status == 201 }.compactMap { $0.json["id"].string }
        #expect(ids.count == expected)
        let refused = answers.filter { $0.status != 201 }
        #expect(refused.count == Self.images - expected && refused.allSatisfy { $0.status == 413 })
        let text = "Resource image_count_total is over limit of 150 due to current usage 150 and delta 1"
        #expect(refused.allSatisfy { $0.text.contains(text) })
        #expect(try await nodes.usage("image_count_total").usage == expected)
        return ids
    }

    /// 200 uploads of a sixteenth of a MiB on two nodes, for which there is room for 128.
    private func uploadInParallel(_ nodes: Nodes, _ ids: [String]) async throws {
        let data = Noise.bytes(Self.mebibyte / 16, seed: 1)
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, id) in ids.enumerated() {
                group.addTask { try await nodes.upload(id, .bytes(ByteBuffer(bytes: data)), on: index) }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.count { $0 == 204 } == 128)
        #expect(statuses.count { $0 == 413 } == Self.images - 128)
        #expect(try await nodes.stored() == 8 * Self.mebibyte)
        #expect(try await nodes.usage("image_size_total") == (8, 8))
        #expect(try await nodes.usage("image_count_uploading").usage == 0)
    }

    /// The same with odd sizes, half of them not announced, after everything was deleted. What is left takes new data.
    private func uploadMixed(_ nodes: Nodes) async throws -> [String] {
        for image in try await nodes[0].list() {
            try await nodes[1].expect(204, "DELETE", "/v2/images/\(image["id"].string ?? "")")
        }
        #expect(try await nodes.usage("image_size_total").usage == 0)
        var ids: [String] = []
        for index in 0..<Self.images { ids.append(try await nodes[index].create()) }
        let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
            for (index, id) in ids.enumerated() {
                let data = Noise.bytes(Int.random(in: 30_000...150_000), seed: UInt64(index))
                group.addTask {
                    let bytes = ByteBuffer(bytes: data)
                    let body: HTTPClientRequest.Body =
                        index % 2 == 0 ? .bytes(bytes) : .stream(Self.pieces(bytes), length: .unknown)
                    return try await nodes.upload(id, body, on: index / 2)
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(statuses.allSatisfy { $0 == 204 || $0 == 413 })
        #expect(statuses.contains(204) && statuses.contains(413))
        let stored = try await nodes.stored()
        #expect(stored <= 8 * Self.mebibyte)
        return try await nodes[0].list("status=queued").compactMap { $0["id"].string }
    }

    private static func pieces(_ bytes: ByteBuffer) -> AsyncStream<ByteBuffer> {
        AsyncStream { continuation in
            var rest = bytes
            while let piece = rest.readSlice(length: min(10_000, rest.readableBytes)), piece.readableBytes > 0 {
                continuation.yield(piece)
            }
            continuation.finish()
        }
    }

    /// To the last byte, and not one more.
    private func fillUp(_ nodes: Nodes, _ id: String) async throws {
        let left = 8 * Self.mebibyte - (try await nodes.stored())
        let data = Noise.bytes(left + 1, seed: 3)
        #expect(try await nodes.upload(id, .bytes(ByteBuffer(bytes: data)), on: 0) == 413)
        let fitting = ByteBuffer(bytes: data.prefix(left))
        #expect(try await nodes.upload(id, .bytes(fitting), on: 1) == 204)
        #expect(try await nodes.stored() == 8 * Self.mebibyte)
        try await nodes[0].expect(204, "DELETE", "/v2/images/\(id)")
    }

    /// A body without announced size and without end.
    private func stopEndlessUpload(_ nodes: Nodes) async throws {
        for image in try await nodes[0].list("status=active") {
            try await nodes[0].expect(204, "DELETE", "/v2/images/\(image["id"].string ?? "")")
        }
        let id = try await nodes[0].create()
        let piece = ByteBuffer(bytes: Noise.bytes(100_000, seed: 4))
        let endless = AsyncStream<ByteBuffer>(unfolding: { piece })
        let status = try? await nodes.upload(id, .stream(endless, length: .unknown), on: 0)
        // The server need not read to an end that never comes before it closes the connection.
        #expect(status == nil || status == 413)
        try await nodes.wait("the image is free again") {
            try await nodes[1].expect(200, "GET", "/v2/images/\(id)").json["status"] == "queued"
        }
        #expect(try await nodes.usage("image_size_total").usage == 0)
        try await nodes[0].expect(204, "DELETE", "/v2/images/\(id)")
    }

    /// All children of a node are killed while one holds a claim.
    private func surviveCrash(_ nodes: Nodes, _ running: [RunningGlance]) async throws {
        let id = try await nodes[0].create()
        let (body, sender) = AsyncStream.makeStream(of: ByteBuffer.self)
        async let status = try? nodes.upload(id, .stream(body, length: .known(Int64(8 * Self.mebibyte))), on: 0)
        sender.yield(ByteBuffer(bytes: Noise.bytes(100_000, seed: 5)))
        try await nodes.wait("the claim") {
            let answer = try await nodes[1].expect(200, "GET", "/v2/info/usage").json["usage"]["image_size_total"]
            return answer["usage"].int == 8
        }
        let other = try await nodes[1].create()
        let byte = HTTPClientRequest.Body.bytes(ByteBuffer(bytes: [1]))
        #expect(try await nodes.upload(other, byte, on: 1) == 413)
        for child in running[0].processes.descendants { kill(child, SIGKILL) }
        sender.finish()
        #expect(await status == nil)
        try await nodes.wait("the claim is released") {
            let answer = try? await nodes[1].request("GET", "/v2/info/usage").json["usage"]["image_size_total"]
            return answer?["usage"].int == 0
        }
        #expect(try await nodes.upload(other, byte, on: 1) == 204)
        try await nodes.wait("the node serves again") {
            (try? await nodes[0].request("GET", "/v2/images/\(id)"))?.json["status"] == "queued"
        }
    }
}
