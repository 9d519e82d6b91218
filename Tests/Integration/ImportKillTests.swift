import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// Two nodes on one database and the same stores, each with a staging area of its own, whose workers and importers die at
    /// any instruction: every import ends with all of its data or with a reason, and nothing else is left.
    @Suite struct ImportKillTests {
        private static let rounds = 7
        private static let imagesPerRound = 30

        private struct Import: Sendable {
            var id: String
            var data: [UInt8]
            var isCopy: Bool
        }

        private struct Node: Sendable {
            var glance: RunningGlance
            var site: Site
            var importers: [Int32] { glance.processes.descendants(titled: "glance-api: importer") }
        }

        @Test(.timeLimit(.minutes(15)))
        func importsAreWholeOrSayWhyNot() async throws {
            try await withServer("postgresql") { database in
                try await withTemporaryDirectory { directory in
                    let url = try database.setting("POSTGRESQL_URL") + "/postgres"
                    let first = try Self.site(directory + "/first", url, directory)
                    let second = try Self.site(directory + "/second", url, directory)
                    try await first.synchronizeDatabase(.ours)
                    try await withGlance(.ours, first) { one in
                        try await withGlance(.ours, second) { other in
                            let nodes = [Node(glance: one, site: first), Node(glance: other, site: second)]
                            var imports: [Import] = []
                            for round in 0..<Self.rounds { imports += try await self.round(UInt64(round), nodes) }
                            try await check(imports, nodes, stores: directory)
                        }
                    }
                }
            }
        }

        private static func site(_ directory: String, _ database: String, _ stores: String) throws -> Site {
            try FileManager.default.createDirectory(atPath: stores + "/other", withIntermediateDirectories: true)
            let site = try Site(
                directory: directory, database: database, images: stores + "/images",
                settings: ["enabled_import_methods": "[glance-direct,copy-image]"])
            let text = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
            try
                (text.replacing("enabled_backends = local:file", with: "enabled_backends = local:file, other:file")
                    + """

                    [other]
                    filesystem_store_datadir = \(stores)/other

                    [DEFAULT]
                    worker_self_reference_url = \(site.url)

                    """).write(toFile: site.configurationFile, atomically: true, encoding: .utf8)
            return site
        }

        /// Imports begin on either node while processes of both die.
        private func round(_ seed: UInt64, _ nodes: [Node]) async throws -> [Import] {
            try await eventually("a node has no importer") { nodes.allSatisfy { !$0.importers.isEmpty } }
            return try await withThrowingTaskGroup(of: Import?.self) { group in
                for index in 0..<Self.imagesPerRound {
                    group.addTask {
                        try await self.start(seed << 8 | UInt64(index), isCopy: index % 3 == 0, nodes)
                    }
                }
                for node in nodes {
                    group.addTask {
                        // At most one death of each kind a round: who dies young is started again after a growing pause.
                        try await Task.sleep(for: .milliseconds(Int.random(in: 50...1500)))
                        if let importer = node.importers.first { kill(importer, SIGKILL) }
                        try await Task.sleep(for: .milliseconds(Int.random(in: 0...300)))
                        if let worker = node.glance.workers.randomElement() { kill(worker, SIGKILL) }
                        return nil
                    }
                }
                return try await group.reduce(into: []) { if let one = $1 { $0.append(one) } }
            }
        }

        /// Asks until an import has been accepted, as a client does whose connections break.
        private func start(_ seed: UInt64, isCopy: Bool, _ nodes: [Node]) async throws -> Import {
            let data = Noise.bytes(Int.random(in: 1...3_000_000), seed: seed)
            let (near, far) = seed % 2 == 0 ? (nodes[0], nodes[1]) : (nodes[1], nodes[0])
            var id = ""
            try await eventually("no image can be created") {
                guard let made = try? await near.glance.client.create() else { return false }
                id = made
                return true
            }
            let path = isCopy ? "/v2/images/\(id)/file" : "/v2/images/\(id)/stage"
            try await eventually("no data of \(id) are taken") { [id] in
                let answer = try? await near.glance.client.request(
                    "PUT", path, headers: [("Content-Type", "application/octet-stream")],
                    body: .bytes(ByteBuffer(bytes: data)))
                if answer?.status == 204 { return true }
                // The answer may be all that was lost.
                let image = try? await near.glance.client.request("GET", "/v2/images/\(id)")
                return image?.status == 200 && image?.json["status"].string == "active"
                    || image?.json["status"].string == "uploading" && image?.json["size"] != .null
            }
            try await eventually("no import of \(id) is accepted") { [id] in
                let answer = try? await far.glance.client.request(
                    "POST", "/v2/images/\(id)/import",
                    json: [
                        "method": ["name": isCopy ? "copy-image" : "glance-direct"], "all_stores": true,
                    ])
                if answer?.status == 202 { return true }
                let tasks = try? await far.glance.client.request("GET", "/v2/images/\(id)/tasks")
                return tasks?.json["tasks"].array.isEmpty == false
            }
            return Import(id: id, data: data, isCopy: isCopy)
        }

        private func check(_ imports: [Import], _ nodes: [Node], stores: String) async throws {
            let client = nodes[0].glance.client
            var stored: [String: Set<String>] = ["local": [], "other": []]
            var whole = 0
            for one in imports {
                var tasks: [JSON] = []
                try await eventually("the import of \(one.id) does not end: \(tasks)") {
                    tasks =
                        (try? await client.expect(200, "GET", "/v2/images/\(one.id)/tasks").json["tasks"].array) ?? []
                    return !tasks.isEmpty
                        && tasks.allSatisfy { ["success", "failure"].contains($0["status"].string ?? "") }
                }
                let image = try await client.expect(200, "GET", "/v2/images/\(one.id)").json
                let names = Set((image["stores"].string ?? "").split(separator: ",").map(String.init))
                for name in names { stored[name]?.insert(one.id) }
                let succeeded = tasks.contains { $0["status"].string == "success" }
                if succeeded {
                    #expect(names == ["local", "other"], "stores of \(one.id)")
                    whole += 1
                } else {
                    #expect(image["status"].string == (one.isCopy ? "active" : "queued"), "\(one.id)")
                    #expect(image["os_glance_import_failure"].string?.isEmpty == false, "\(one.id) says nothing")
                }
                if image["status"].string == "active" {
                    let file = try await client.request("GET", "/v2/images/\(one.id)/file")
                    #expect(file.body == one.data, "data of \(one.id)")
                }
                #expect(image["os_glance_import_task"] == .null)
            }
            // Otherwise the deaths came always too early to say anything.
            #expect(whole > imports.count / 2, "\(whole) of \(imports.count)")
            // Scrubbers take what dead workers have left.
            for node in nodes { try await command(Project.scrubber, ["--config-file", node.site.configurationFile]) }
            #expect(try Self.files("\(stores)/images") == stored["local"])
            #expect(try Self.files("\(stores)/other") == stored["other"])
            for node in nodes {
                #expect(try Self.files("\(node.site.directory)/staging") == [], "staged on \(node.site.url)")
            }
        }

        private static func files(_ directory: String) throws -> Set<String> {
            Set(try FileManager.default.contentsOfDirectory(atPath: directory).filter { !$0.hasPrefix(".") })
        }

        private func eventually(_ complaint: @autoclosure () -> String, _ holds: () async throws -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(120)
            while try await !holds() {
                if ContinuousClock.now > deadline { throw TestFailure(complaint()) }
                try await Task.sleep(for: .milliseconds(50))
            }
        }
    }
}
