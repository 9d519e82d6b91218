import Foundation
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// What no honest client sends, at a site with PostgreSQL, Keystone and memcached: every answer says that the client is
    /// wrong, no worker ends, nothing stays behind.
    @Suite struct HostileClientTests {
        @Test(.timeLimit(.minutes(10)))
        func nothingTheClientDoesIsTheServersFault() async throws {
            try await withServers(["postgresql", "keystone", "memcached"]) { servers in
                try await withTemporaryDirectory { directory in
                    let identity = try Keystone(servers[1])
                    let site = try Site(
                        directory: directory, database: try servers[0].setting("POSTGRESQL_URL") + "/postgres",
                        keystone: identity.options(memcached: try servers[2].setting("MEMCACHED_SERVERS")))
                    try await site.synchronizeDatabase(.ours)
                    try await withGlance(.ours, site) { glance in
                        let processes = glance.processes.all.sorted()
                        let demo = try await identity.authenticate("demo", project: "demo")
                        let client = ImageClient(url: glance.client.url, token: demo.token)
                        try await tokens(client, identity)
                        try await scopes(client, identity)
                        try await texts(client)
                        try await lists(client)
                        try await races(client)
                        #expect(glance.processes.all.sorted() == processes, "a process ended")
                        let log = try String(contentsOfFile: glance.log, encoding: .utf8)
                        #expect(!log.contains("ERROR"), "\(glance.endOfLog)")
                        let left = try FileManager.default.contentsOfDirectory(atPath: site.images)
                        #expect(left.isEmpty, "data of deleted images")
                    }
                }
            }
        }

        private func withServers(
            _ names: [String], _ running: [SupportServer] = [], _ body: ([SupportServer]) async throws -> Void
        ) async throws {
            guard let name = names.first else { return try await body(running) }
            try await withServer(name) { server in
                try await withServers(Array(names.dropFirst()), running + [server], body)
            }
        }

        /// Tokens, and headers by which authtoken tells the service behind it who somebody is.
        private func tokens(_ client: ImageClient, _ identity: Keystone) async throws {
            let anonymous = ImageClient(url: client.url)
            let forged = [
                ("X-Identity-Status", "Confirmed"), ("X-Roles", "admin"), ("X-Project-Id", "p"), ("X-User-Id", "u"),
                ("X-Is-Admin-Project", "True"), ("OpenStack-System-Scope", "all"), ("X-Service-Roles", "service"),
            ]
            let junk = [
                "../../users", "..%2Fusers", "?allow_expired=1", "a#b", "%00", "%0d%0aX-Roles:admin", "null", "a b",
                String(repeating: "x", count: 4000), String(repeating: "x", count: 8192),
                String(repeating: "x", count: 16_000), (client.token ?? "") + "x",
                String((client.token ?? "").dropLast(9)),
            ]
            for token in junk {
                let refused = try await anonymous.request(
                    "GET", "/v2/images", headers: [("X-Auth-Token", token)] + forged)
                #expect(refused.status == 401, "\(token.prefix(50))")
                let served = try await client.request("GET", "/v2/images", headers: [("X-Service-Token", token)])
                #expect(served.status == 200, "\(token.prefix(50))")
            }
            let twice = try await client.request(
                "GET", "/v2/images", headers: [("X-Auth-Token", try await identity.token("admin", project: "admin"))])
            #expect(twice.status == 401)
            #expect(try await anonymous.request("GET", "/v2/images", headers: forged).status == 401)
            let details = try await client.request("GET", "/v2/info/stores/detail", headers: forged)
            #expect(details.status == 403)
        }

        /// An administrator of the system has no project, so nothing here is theirs.
        private func scopes(_ client: ImageClient, _ identity: Keystone) async throws {
            let id = try await client.create(["visibility": "private"])
            let system = ImageClient(url: client.url, token: try await identity.systemToken("admin"))
            try await system.expect(403, "GET", "/v2/images")
            try await system.expect(403, "POST", "/v2/images", json: [:])
            for method in ["GET", "DELETE"] { try await system.expect(404, method, "/v2/images/\(id)") }
            try await client.expect(204, "DELETE", "/v2/images/\(id)")
        }

        /// Texts that PostgreSQL cannot hold, or not in so narrow a column, wherever a text goes.
        private func texts(_ client: ImageClient) async throws {
            let id = try await client.create()
            for text in ["a\0b", "\0", "\u{1F600}", String(repeating: "é", count: 256)] {
                let path = text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
                for body: JSON in [
                    ["name": .string(text)], ["owner": .string(text)], [text: "x"], ["tags": [.string(text)]],
                    ["id": .string(text)], ["disk_format": .string(text)], ["visibility": .string(text)],
                ] {
                    let status = try await client.request("POST", "/v2/images", json: body).status
                    #expect([400, 403].contains(status), "\(body)")
                }
                for (pointer, value): (String, JSON) in [
                    ("/name", .string(text)), ("/\(text)", "x"), ("/tags", [.string(text)]),
                    ("/locations/\(text)", ["url": .string("http://a/\(text)"), "metadata": [:]]),
                ] {
                    let status = try await client.request(
                        "PATCH", "/v2/images/\(id)", json: [["op": "add", "path": .string(pointer), "value": value]],
                        type: "application/openstack-images-v2.1-json-patch"
                    ).status
                    #expect([400, 403].contains(status), "\(pointer)")
                }
                try await client.expect(400, "POST", "/v2/images/\(id)/members", json: ["member": .string(text)])
                try await client.expect(400, "PUT", "/v2/images/\(id)/tags/\(path)")
                for request in [
                    "GET /\(path)", "DELETE /\(path)", "DELETE /\(id)/tags/\(path)", "GET /\(id)/members/\(path)",
                ] {
                    let words = request.split(separator: " ").map(String.init)
                    let status = try await client.request(words[0], "/v2/images" + words[1]).status
                    #expect([400, 404].contains(status), "\(request)")
                }
                for name in ["name", "owner", "id", "tag", "marker", "checksum", "status", "a_property"] {
                    let status = try await client.request("GET", "/v2/images?\(name)=\(path)").status
                    #expect([200, 400].contains(status), "\(name)")
                }
            }
            try await client.expect(204, "DELETE", "/v2/images/\(id)")
        }

        private func lists(_ client: ImageClient) async throws {
            for value in [
                "0000-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "infinity",
            ] {
                try await client.expect(400, "GET", "/v2/images?created_at=gt:\(value)")
            }
            for number in ["2147483648", "-2147483649", "9223372036854775808", "99999999999999999999"] {
                for name in ["limit", "size_min", "min_ram_max", "min_disk", "virtual_size_max"] {
                    let status = try await client.request("GET", "/v2/images?\(name)=\(number)").status
                    #expect(status == 200 || name == "limit" && status == 400, "\(name)=\(number)")
                }
            }
            let start = ContinuousClock.now
            for filter in ["tag=t%", "p%=v", "name=n%"] {
                let query = (0..<500).map { filter.replacing("%", with: "\($0)") }.joined(separator: "&")
                try await client.expect(200, "GET", "/v2/images?\(query)")
            }
            #expect(ContinuousClock.now - start < .seconds(15))
        }

        /// Everything at once at an image that goes away meanwhile.
        private func races(_ client: ImageClient) async throws {
            // Few enough that a refusal, which comes before the body's end, costs no connection.
            let data = Noise.bytes(50_000, seed: 5)
            for _ in 0..<10 {
                let id = try await client.create()
                let path = "/v2/images/\(id)"
                try await withThrowingTaskGroup { group in
                    for number in 0..<40 {
                        group.addTask {
                            let answer =
                                switch number % 5 {
                                case 0: try await client.request("PUT", "\(path)/tags/t\(number)")
                                case 1:
                                    try await client.request(
                                        "POST", "\(path)/members", json: ["member": .string("m\(number)")])
                                case 2:
                                    try await client.request(
                                        "PATCH", path,
                                        json: [
                                            [
                                                "op": "add", "path": .string("/p\(number % 3)"),
                                                "value": .string("\(number)"),
                                            ]
                                        ],
                                        type: "application/openstack-images-v2.1-json-patch")
                                case 3: try await client.upload(id, data)
                                default: try await client.request(number == 24 ? "DELETE" : "GET", path)
                                }
                            #expect(answer.status < 500, "\(number)")
                        }
                    }
                    try await group.waitForAll()
                }
                try await client.expect(404, "GET", path)
            }
        }
    }
}
