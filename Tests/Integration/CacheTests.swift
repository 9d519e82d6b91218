import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// The image cache of a running service.
    @Suite struct CacheTests {
        private static func site(
            _ directory: String, database: String? = nil, images: String? = nil, _ settings: [String: String] = [:]
        ) throws -> Site {
            var all = ["image_cache_dir": "\(directory)/cache", "image_cache_driver": "sqlite"]
            all.merge(settings) { $1 }
            let site = try Site(directory: directory, database: database, images: images, settings: all)
            let text = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
            try "\(text)\n[paste_deploy]\nflavor = cachemanagement\n".write(
                toFile: site.configurationFile, atomically: true, encoding: .utf8)
            return site
        }

        private func upload(_ data: [UInt8], _ client: ImageClient) async throws -> String {
            let id = try await client.create()
            let answer = try await client.request(
                "PUT", "/v2/images/\(id)/file", headers: [("Content-Type", "application/octet-stream")],
                body: .bytes(ByteBuffer(bytes: data)))
            #expect(answer.status == 204)
            return id
        }

        private func names(_ directory: String) -> Set<String> {
            Set((try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [])
        }

        private func cached(_ directory: String) -> Set<String> {
            names(directory + "/cache").filter { $0.count == 36 }
        }

        private func eventually(_ reason: String, _ condition: () async throws -> Bool) async throws {
            let deadline = ContinuousClock.now + .seconds(120)
            while try await !condition() {
                guard ContinuousClock.now < deadline else { throw TestFailure(reason) }
                try await Task.sleep(for: .milliseconds(50))
            }
        }

        /// `PUT /v2/cache/{image_id}`, by the process that looks after the cache.
        @Test(.timeLimit(.minutes(10))) func queuedImagesAreFetchedByTheProcess() async throws {
            try await withTemporaryDirectory { directory in
                let site = try Self.site(directory)
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    let data = Noise.bytes(500_000, seed: 1)
                    let id = try await upload(data, glance.client)
                    try await eventually("there is no cache process") {
                        !glance.processes.descendants(titled: "glance-api: cache").isEmpty
                    }
                    _ = try await glance.client.expect(202, "PUT", "/v2/cache/\(id)")
                    try await eventually("the image is not fetched") { cached(directory) == [id] }
                    try await eventually("the image stays in the queue") {
                        let list = try await glance.client.expect(200, "GET", "/v2/cache").json
                        return list["queued_images"].array.isEmpty && list["cached_images"].array.count == 1
                    }
                    #expect(try Data(contentsOf: URL(filePath: "\(directory)/cache/\(id)")) == Data(data))
                    let image = try await glance.client.expect(200, "GET", "/v2/images/\(id)/file")
                    #expect(image.body == data)
                }
            }
        }

        /// `glance-cache-manage`, and the commands that do one round of what the process does.
        @Test(.timeLimit(.minutes(10))) func commandsWork() async throws {
            try await withTemporaryDirectory { directory in
                let site = try Self.site(directory, ["image_cache_max_size": "150000"])
                try await site.synchronizeDatabase(.ours)
                // The commands are one executable under several names.
                var links: [String: String] = [:]
                for name in ["prefetcher", "pruner", "cleaner"] {
                    let link = "\(directory)/glance-cache-\(name)"
                    try FileManager.default.createSymbolicLink(
                        atPath: link, withDestinationPath: Project.cacheManage)
                    links[name] = link
                }
                func upkeep(_ name: String) async throws {
                    try await command(links[name] ?? "", ["--config-file", site.configurationFile])
                }
                try await withGlance(.ours, site) { glance in
                    func manage(_ arguments: String...) async throws -> String {
                        try await command(
                            Project.cacheManage, ["-H", "127.0.0.1", "-p", "\(site.port)", "-f", "-v"] + arguments)
                    }
                    #expect(try await manage("list-cached").contains("No cached images."))
                    #expect(try await manage("list-queued").contains("No queued images."))
                    let data = Noise.bytes(100_000, seed: 2)
                    let (one, other) = (
                        try await upload(data, glance.client), try await upload(data, glance.client)
                    )
                    #expect(try await manage("queue-image", one).contains("Queued image \(one) for caching"))
                    #expect(try await manage("list-queued").contains("| \(one) |"))
                    #expect(try await manage("queue-image", other).contains(other))
                    _ = try await manage("delete-queued-image", other)
                    try await upkeep("prefetcher")
                    #expect(cached(directory) == [one])
                    let list = try await manage("list-cached")
                    #expect(list.contains("Found 1 cached images..."))
                    #expect(list.contains("Last Accessed (UTC)") && list.contains(" 100000 |"))
                    // What somebody else has put there counts for the limit, too.
                    let stray = "11111111-2222-3333-4444-555555555555"
                    try Data(data).write(to: URL(filePath: "\(directory)/cache/\(stray)"))
                    try await upkeep("pruner")
                    #expect(cached(directory).count == 1)
                    try Data(data).write(to: URL(filePath: "\(directory)/cache/invalid/\(stray)"))
                    try await upkeep("cleaner")
                    #expect(names(directory + "/cache/invalid").isEmpty)
                    #expect(try await manage("delete-all-cached-images").contains("Deleted 1 cached images"))
                    #expect(cached(directory).isEmpty)
                }
            }
        }

        /// Two nodes on one database, whose workers and cache processes die at any instruction while clients download: whoever
        /// gets an image whole has all of its bytes, no file in a cache is wrong, nothing is left over, and the index says
        /// what is there.
        @Test(.timeLimit(.minutes(10))) func killsLeaveNoWrongFile() async throws {
            try await withServer("postgresql") { database in
                try await withTemporaryDirectory { directory in
                    let url = try database.setting("POSTGRESQL_URL") + "/postgres"
                    let sites = try ["first", "second"].map { name in
                        try FileManager.default.createDirectory(
                            atPath: "\(directory)/\(name)", withIntermediateDirectories: false)
                        return try Self.site(
                            "\(directory)/\(name)", database: url, images: directory + "/images",
                            [
                                "image_cache_max_size": "\(Self.limit)", "image_cache_driver": "centralized_db",
                                "worker_self_reference_url": "http://\(name)",
                            ])
                    }
                    try await sites[0].synchronizeDatabase(.ours)
                    try await withGlance(.ours, sites[0]) { first in
                        try await withGlance(.ours, sites[1]) { second in
                            let nodes = [Node(glance: first, site: sites[0]), Node(glance: second, site: sites[1])]
                            let images = try await images(nodes)
                            for round in 0..<8 { try await self.round(round, nodes, images) }
                            for node in nodes { try await check(node, images) }
                        }
                    }
                }
            }
        }

        private static let limit = 20_000_000

        private struct Node: Sendable {
            var glance: RunningGlance
            var site: Site
            var keepers: [Int32] { glance.processes.descendants(titled: "glance-api: cache") }
        }

        private struct Stored: Sendable {
            var id: String
            var data: [UInt8]
        }

        private func images(_ nodes: [Node]) async throws -> [Stored] {
            var images: [Stored] = []
            for seed in 0..<20 {
                let data = Noise.bytes(Int.random(in: 1...3_000_000), seed: UInt64(seed))
                images.append(Stored(id: try await upload(data, nodes[seed % 2].glance.client), data: data))
            }
            return images
        }

        private func round(_ round: Int, _ nodes: [Node], _ images: [Stored]) async throws {
            try await eventually("there are no processes to kill") {
                nodes.allSatisfy { !$0.keepers.isEmpty && $0.glance.workers.count == 2 }
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        let image = images[(number * 7 + round) % images.count]
                        let client = nodes[number % 2].glance.client
                        if number.isMultiple(of: 10) { _ = try? await client.request("PUT", "/v2/cache/\(image.id)") }
                        guard let answer = try? await client.request("GET", "/v2/images/\(image.id)/file"),
                            answer.status == 200
                        else { return }
                        #expect(answer.body == image.data)
                    }
                }
                for (index, node) in nodes.enumerated() {
                    group.addTask {
                        try await Task.sleep(for: .milliseconds(Int.random(in: 10...400)))
                        if let worker = node.glance.workers.randomElement() { kill(worker, SIGKILL) }
                        if (round + index).isMultiple(of: 2), let keeper = node.keepers.first { kill(keeper, SIGKILL) }
                    }
                }
                try await group.waitForAll()
            }
        }

        private func check(_ node: Node, _ images: [Stored]) async throws {
            let directory = node.site.directory
            // A new process of the cache removes what the dead have left.
            try await eventually("there is no cache process") { !node.keepers.isEmpty }
            for keeper in node.keepers { kill(keeper, SIGKILL) }
            try await eventually("incomplete files stay") { names(directory + "/cache/incomplete").isEmpty }
            var size = 0
            for id in cached(directory) {
                guard let data = try? Data(contentsOf: URL(filePath: "\(directory)/cache/\(id)")) else { continue }
                #expect(images.first { $0.id == id }.map { Data($0.data) } == data, "\(id)")
                size += data.count
            }
            #expect(size <= Self.limit + 65_536)
            #expect(size > 0)
            try await eventually("the index does not agree with the directory") {
                let list = try await node.glance.client.expect(200, "GET", "/v2/cache").json
                return Set(list["cached_images"].array.compactMap { $0["image_id"].string }) == cached(directory)
            }
            for image in images {
                let answer = try await node.glance.client.expect(200, "GET", "/v2/images/\(image.id)/file")
                #expect(answer.body == image.data)
            }
        }
    }
}
