import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// Two nodes on one database and the same stores, each with a staging area of its own, whose workers and importers die at
    /// any instruction, and one of which dies whole at the end of each round: every import ends with all of its data or with a
    /// reason, and nothing else is left.
    @Suite struct ImportKillTests {
        private static let rounds = 7
        private static let imagesPerRound = 30

        private struct Import: Sendable {
            var id: String
            var data: [UInt8]
            var method: Method
        }

        private enum Method: String, CaseIterable {
            case glanceDirect = "glance-direct"
            case copyImage = "copy-image"
            case webDownload = "web-download"
        }

        private struct Source: Sendable {
            var url: String
            var root: String
        }

        private struct Node: Sendable {
            var glance: RunningGlance
            var site: Site
            var importers: [Int32] { glance.processes.descendants(titled: "glance-api: importer") }
        }

        @Test(.timeLimit(.minutes(15)))
        func importsAreWholeOrSayWhyNot() async throws {
            try await withServer("postgresql") { database in
                try await withServer("nginx") { nginx in
                    try await withTemporaryDirectory { directory in
                        let url = try database.setting("POSTGRESQL_URL") + "/postgres"
                        let source = Source(
                            url: try nginx.setting("NGINX_URL"), root: try nginx.setting("NGINX_ROOT"))
                        let sites = try [("first", 1), ("second", 2)].map { name, width in
                            try Self.site("\(directory)/\(name)", url, stores: directory, width: width, source)
                        }
                        try await sites[0].synchronizeDatabase(.ours)
                        var imports: [Import] = []
                        for round in 0..<Self.rounds {
                            imports += try await withNodes(sites) { nodes in
                                try await self.round(UInt64(round), nodes, source)
                            }
                        }
                        try await withNodes(sites) { [imports] in try await check(imports, $0, stores: directory) }
                    }
                }
            }
        }

        private func withNodes<Result: Sendable>(
            _ sites: [Site], _ body: ([Node]) async throws -> Result
        ) async throws -> Result {
            try await withGlance(.ours, sites[0]) { one in
                try await withGlance(.ours, sites[1]) { other in
                    try await body([Node(glance: one, site: sites[0]), Node(glance: other, site: sites[1])])
                }
            }
        }

        private static func site(
            _ directory: String, _ database: String, stores: String, width: Int, _ source: Source
        ) throws -> Site {
            try FileManager.default.createDirectory(atPath: stores + "/other", withIntermediateDirectories: true)
            let site = try Site(
                directory: directory, database: database, images: stores + "/images",
                settings: ["enabled_import_methods": "[glance-direct,copy-image,web-download]"])
            let text = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
            try
                (text.replacing("enabled_backends = local:file", with: "enabled_backends = local:file, other:file")
                    + """

                    [other]
                    filesystem_store_datadir = \(stores)/other

                    [DEFAULT]
                    worker_self_reference_url = \(site.url)

                    [image_import_opts]
                    max_parallel_stores = \(width)

                    [import_filtering_opts]
                    allowed_hosts = [127.0.0.1]
                    allowed_ports = [\(source.url.split(separator: ":")[2])]

                    """).write(toFile: site.configurationFile, atomically: true, encoding: .utf8)
            return site
        }

        /// Imports begin on either node while processes of both die.
        private func round(_ seed: UInt64, _ nodes: [Node], _ source: Source) async throws -> [Import] {
            try await eventually("a node has no importer") { nodes.allSatisfy { !$0.importers.isEmpty } }
            let imports = try await withThrowingTaskGroup(of: Import?.self) { group in
                for index in 0..<Self.imagesPerRound {
                    group.addTask {
                        try await self.start(seed << 8 | UInt64(index), Method.allCases[index % 3], nodes, source)
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
                return try await group.reduce(into: [Import]()) { if let one = $1 { $0.append(one) } }
            }
            let (dead, left) = seed % 2 == 0 ? (nodes[0], nodes[1]) : (nodes[1], nodes[0])
            // The supervisor first, so that it starts nothing anew.
            for process in dead.glance.processes.all { kill(process, SIGKILL) }
            try await eventually("processes of the dead node live") { dead.glance.processes.isEmpty }
            // The other node does what isn't staged on the dead one.
            for one in imports where one.method != .glanceDirect { _ = try await ended(one, left.glance.client) }
            return imports
        }

        /// Asks until an import has been accepted, as a client does whose connections break.
        private func start(
            _ seed: UInt64, _ method: Method, _ nodes: [Node], _ source: Source
        ) async throws -> Import {
            let data = Noise.bytes(Int.random(in: 1...(method == .webDownload ? 8_000_000 : 3_000_000)), seed: seed)
            let (near, far) = seed % 2 == 0 ? (nodes[0], nodes[1]) : (nodes[1], nodes[0])
            var id = ""
            try await eventually("no image can be created") {
                guard let made = try? await near.glance.client.create() else { return false }
                id = made
                return true
            }
            if method == .webDownload { try Data(data).write(to: URL(filePath: "\(source.root)/\(id)")) }
            let path = method == .copyImage ? "/v2/images/\(id)/file" : "/v2/images/\(id)/stage"
            try await eventually("no data of \(id) are taken") { [id] in
                if method == .webDownload { return true }
                let answer = try? await near.glance.client.request(
                    "PUT", path, headers: [("Content-Type", "application/octet-stream")],
                    body: .bytes(ByteBuffer(bytes: data)))
                if answer?.status == 204 { return true }
                // The answer may be all that was lost.
                let image = try? await near.glance.client.request("GET", "/v2/images/\(id)")
                return image?.status == 200 && image?.json["status"].string == "active"
                    || image?.json["status"].string == "uploading" && image?.json["size"] != .null
            }
            let name = JSON.string(method.rawValue)
            let description: JSON =
                method == .webDownload ? ["name": name, "uri": .string("\(source.url)/slow/\(id)")] : ["name": name]
            try await eventually("no import of \(id) is accepted") { [id] in
                let answer = try? await far.glance.client.request(
                    "POST", "/v2/images/\(id)/import",
                    json: ["method": description, "all_stores": true])
                if answer?.status == 202 { return true }
                let tasks = try? await far.glance.client.request("GET", "/v2/images/\(id)/tasks")
                return tasks?.json["tasks"].array.isEmpty == false
            }
            return Import(id: id, data: data, method: method)
        }

        /// The tasks of an import, all of which have ended.
        private func ended(_ one: Import, _ client: ImageClient) async throws -> [JSON] {
            var tasks: [JSON] = []
            try await eventually("the \(one.method) of \(one.id) does not end: \(tasks)") {
                tasks = (try? await client.expect(200, "GET", "/v2/images/\(one.id)/tasks").json["tasks"].array) ?? []
                return !tasks.isEmpty
                    && tasks.allSatisfy { ["success", "failure"].contains($0["status"].string ?? "") }
            }
            return tasks
        }

        private func check(_ imports: [Import], _ nodes: [Node], stores: String) async throws {
            let client = nodes[0].glance.client
            var stored: [String: Set<String>] = ["local": [], "other": []]
            var whole = 0
            for one in imports {
                let tasks = try await ended(one, client)
                let image = try await client.expect(200, "GET", "/v2/images/\(one.id)").json
                let names = Set((image["stores"].string ?? "").split(separator: ",").map(String.init))
                for name in names { stored[name]?.insert(one.id) }
                let succeeded = tasks.contains { $0["status"].string == "success" }
                if succeeded {
                    #expect(names == ["local", "other"], "stores of \(one.id)")
                    whole += 1
                } else {
                    #expect(image["status"].string == (one.method == .copyImage ? "active" : "queued"), "\(one.id)")
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
