import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// Memory does not grow with the size of images or the number of transfers, but for a small buffer each.
    @Suite struct MemoryTests {
        static let transfers = 64
        static let size = 256 << 20
        static let limit = 256 << 20

        @Test(.timeLimit(.minutes(15)))
        func manyTransfersInLittleMemory() async throws {
            try await withTemporaryDirectory { directory in
                let site = try Site(directory: directory)
                try await site.synchronizeDatabase(.ours)
                let source = directory + "/source"
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(Self.size >> 20)"])
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let original = try await client.create()
                    try await upload(source, to: original, site)
                    let hash = try await client.expect(200, "GET", "/v2/images/\(original)").json["os_hash_value"]

                    let peak = try await sampling(glance) {
                        try await withThrowingTaskGroup(of: Void.self) { group in
                            for _ in 0..<Self.transfers {
                                let id = try await client.create()
                                group.addTask {
                                    try await upload(source, to: id, site)
                                    let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                                    #expect(image["os_hash_value"] == hash)
                                    try await client.expect(204, "DELETE", "/v2/images/\(id)")
                                }
                                group.addTask { try await download(original, site) }
                            }
                            try await group.waitForAll()
                        }
                    }
                    print("peak of the proportional set sizes: \(peak >> 20) MiB")
                    #expect(peak < Self.limit)
                }
            }
        }

        /// The highest sum of all processes' PSS while `body` runs.
        private func sampling(_ glance: RunningGlance, _ body: () async throws -> Void) async throws -> Int {
            let sampler = Task.detached {
                var peak = 0
                while !Task.isCancelled {
                    peak = max(peak, glance.processes.proportionalSetSize)
                    try? await Task.sleep(for: .milliseconds(100))
                }
                return peak
            }
            do { try await body() } catch {
                sampler.cancel()
                throw error
            }
            sampler.cancel()
            return await sampler.value
        }

        // A process each, so that the client's memory and scheduling stay out of the picture.

        private func upload(_ file: String, to id: String, _ site: Site) async throws {
            let status = try await command(
                "curl",
                [
                    "-sS", "-T", file, "-H", "Content-Type: application/octet-stream", "-w", "%{http_code}",
                    "\(site.url)/v2/images/\(id)/file",
                ])
            #expect(status == "204")
        }

        private func download(_ id: String, _ site: Site) async throws {
            let size = try await command(
                "curl",
                ["-sS", "-f", "-o", "/dev/null", "-w", "%{size_download}", "\(site.url)/v2/images/\(id)/file"])
            #expect(size == "\(Self.size)")
        }
    }
}
