import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// Memory does not grow with the size of images or the number of transfers, but for a small buffer each.
    @Suite(.serialized) struct MemoryTests {
        @Test(.timeLimit(.minutes(15)))
        func manyTransfersInLittleMemory() async throws {
            try await withTemporaryDirectory { directory in
                let site = try Site(directory: directory)
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    let transfers = ManyTransfers(size: 256 << 20)
                    let peak = try await transfers.peak(site, glance, chunked: false)
                    #expect(peak < 256 << 20)
                }
            }
        }

        /// As with files, wherever images lie. They are small here, but of several parts each, to spare time and disk:
        /// `MEMORY_TEST_MEBIBYTES=256` makes them as large as those above.
        @Test(.timeLimit(.minutes(30)), arguments: StorageSystem.all)
        func manyTransfersInLittleMemory(system: StorageSystem) async throws {
            let size = Int(ProcessInfo.processInfo.environment["MEMORY_TEST_MEBIBYTES"] ?? "") ?? 32
            try await withServer(system.starter, ["CEPH_SIZE_GB": "40"]) { server in
                try await withTemporaryDirectory { directory in
                    let site = try Site(directory: directory)
                    try site.append([try await system.store("cold", on: server, place: "memory")])
                    try await site.synchronizeDatabase(.ours)
                    try await withGlance(.ours, site, environment: system.environment(server)) { glance in
                        // A Cinder in one process with SQLite answers 64 attachments at once with errors of its own.
                        let transfers = ManyTransfers(count: system.driver == "cinder" ? 8 : 64, size: size << 20)
                        let peak = try await transfers.peak(site, glance, chunked: true)
                        #expect(peak < 400 << 20)
                    }
                }
            }
        }
    }
}
