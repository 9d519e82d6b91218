import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// A restart of PostgreSQL fails what was in flight and nothing after it.
    @Suite struct DatabaseRestartTests {
        @Test(.timeLimit(.minutes(10)))
        func serviceComesBackWithTheDatabase() async throws {
            try await withServer("postgresql") { database in
                try await withTemporaryDirectory { directory in
                    let site = try Site(
                        directory: directory, database: try database.setting("POSTGRESQL_URL") + "/postgres")
                    try await site.synchronizeDatabase(.ours)
                    try await withGlance(.ours, site) { glance in
                        try await restart(database, glance)
                    }
                }
            }
        }

        private func restart(_ database: SupportServer, _ glance: RunningGlance) async throws {
            let client = glance.client
            let data = Noise.bytes(100_000, seed: 1)
            let id = try await client.create(["name": "before"])
            #expect(try await client.upload(id, data).status == 204)
            // Every worker has connections now.
            for _ in 0..<20 { try await client.expect(200, "GET", "/v2/images") }
            let processes = glance.processes.all.sorted()

            // An upload whose body spans the restart needs the database only before and after it.
            let spanning = try await client.create(["name": "spanning"])
            let (body, feed) = AsyncStream.makeStream(of: ByteBuffer.self)
            async let upload = client.request(
                "PUT", "/v2/images/\(spanning)/file", headers: [("Content-Type", "application/octet-stream")],
                body: .stream(body, length: .unknown))
            feed.yield(ByteBuffer(bytes: data))
            while try await client.expect(200, "GET", "/v2/images/\(spanning)").json["status"] != "saving" {
                try await Task.sleep(for: .milliseconds(10))
            }

            try await database.stop()
            let refused = try await client.request("GET", "/v2/images")
            #expect(refused.status == 500 || refused.status == 503)

            try await database.start()
            // Not one request more than there were connections may notice: after the first of each worker, none.
            for _ in 0..<20 { try await client.expect(200, "GET", "/v2/images/\(id)") }
            feed.yield(ByteBuffer(bytes: data))
            feed.finish()
            #expect(try await upload.status == 204)
            #expect(try await client.request("GET", "/v2/images/\(spanning)/file").body == data + data)
            #expect(glance.processes.all.sorted() == processes, "no process ended over it")
        }
    }
}
