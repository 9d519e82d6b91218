import Foundation
import Glibc
import NIOCore
import TestSupport
import Testing

extension IntegrationTests {
    /// Two nodes on one database and one store, of which one is held for longer than its lease, while workers die, the
    /// database drops connections and somebody holds locks: no acknowledged image is without its data.
    @Suite(.enabled(if: geteuid() == 0, "a node with processes of its own takes root"))
    struct TwoNodesTests {
        private static let rounds = 4
        private static let uploadsPerRound = 24

        /// What clients were told about one image: the data of each upload that was acknowledged.
        private struct Told: Sendable {
            var id: String
            var acknowledged: [[UInt8]] = []
        }

        @Test(.timeLimit(.minutes(20)))
        func aHeldNodeTakesNothingAway() async throws {
            try await withServer("postgresql") { database in
                try await withTemporaryDirectory { directory in
                    let url = try database.setting("POSTGRESQL_URL") + "/postgres"
                    let first = try Site(directory: directory, database: url)
                    let second = try Site(directory: directory + "/second", database: url, images: first.images)
                    try await first.synchronizeDatabase(.ours)
                    try await withGlance(.ours, first) { one in
                        try await withGlance(Self.apart(in: second), second) { other in
                            var told: [Told] = []
                            for round in 0..<Self.rounds {
                                told += try await self.round(UInt64(round), one, other, database)
                            }
                            try await check(told, one, first)
                        }
                    }
                }
            }
        }

        /// A release whose processes do not see those of the first node, as on another machine.
        private static func apart(in site: Site) throws -> Release {
            let program = "\(site.directory)/glance-api"
            try """
            #!/bin/sh
            exec unshare --pid --fork --mount-proc --kill-child=TERM '\(Release.ours.api)' "$@"
            """.write(toFile: program, atomically: true, encoding: .utf8)
            try #require(chmod(program, 0o755) == 0)
            return Release(name: "second", api: program, manage: Release.ours.manage)
        }

        private func round(
            _ seed: UInt64, _ one: RunningGlance, _ other: RunningGlance, _ database: SupportServer
        ) async throws -> [Told] {
            var told: [Told] = []
            for _ in 0..<Self.uploadsPerRound { told.append(Told(id: try await create(other))) }
            let disturber = Task { try await disturb(other, database) }
            let running = Task { [told] in
                await withTaskGroup(of: (Int, [UInt8])?.self) { group in
                    for (index, image) in told.enumerated() {
                        group.addTask {
                            let data = Noise.bytes(Int.random(in: 0...1_000_000), seed: seed << 16 | UInt64(index))
                            let answer = try? await one.client.request(
                                "PUT", "/v2/images/\(image.id)/file",
                                headers: [("Content-Type", "application/octet-stream")],
                                body: .stream(Trickle(data), length: .known(Int64(data.count))))
                            return answer?.status == 204 ? (index, data) : nil
                        }
                    }
                    return await group.reduce(into: [(Int, [UInt8])]()) { if let upload = $1 { $0.append(upload) } }
                }
            }
            try await uploadsAreRecorded(database)
            let held = one.processes.all
            for process in held { kill(process, SIGSTOP) }

            // Its lease runs out; the other node cleans up, and clients upload again there.
            try await command(
                "psql",
                ["-qAt", "-c", "UPDATE glance_uploads SET renewed_at = renewed_at - interval '1 hour'"],
                environment: database.settings)
            for (index, image) in told.enumerated() where try await queuedAgain(image.id, other) {
                let data = Noise.bytes(Int.random(in: 0...1_000_000), seed: seed << 16 | 1 << 12 | UInt64(index))
                let answer = try? await other.client.upload(image.id, data)
                if answer?.status == 204 { told[index].acknowledged.append(data) }
            }
            for process in held { kill(process, SIGCONT) }
            for (index, data) in await running.value { told[index].acknowledged.append(data) }
            disturber.cancel()
            _ = await disturber.result
            return told
        }

        /// Until cancelled: ends connections to the database, holds locks, and kills a worker.
        private func disturb(_ glance: RunningGlance, _ database: SupportServer) async throws {
            let statements = [
                """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() AND random() < 0.3
                """,
                "BEGIN; LOCK TABLE glance_uploads IN EXCLUSIVE MODE; SELECT pg_sleep(0.7); COMMIT",
                "BEGIN; LOCK TABLE images IN SHARE ROW EXCLUSIVE MODE; SELECT pg_sleep(0.7); COMMIT",
            ]
            while !Task.isCancelled {
                for statement in statements {
                    _ = try? await command("psql", ["-qAt", "-c", statement], environment: database.settings)
                    try await Task.sleep(for: .milliseconds(Int.random(in: 50...400)))
                }
                if let worker = glance.workers.randomElement(), Int.random(in: 0..<4) == 0 { kill(worker, SIGKILL) }
            }
        }

        /// Until as many uploads run as the client has connections, or nearly so.
        private func uploadsAreRecorded(_ database: SupportServer) async throws {
            try await eventually("no uploads have begun") {
                let count = try await command(
                    "psql", ["-qAt", "-c", "SELECT count(*) FROM glance_uploads"], environment: database.settings)
                return Int(count.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0 >= 6
            }
        }

        /// Whether an image that a held upload had can take another one; false when it is active.
        private func queuedAgain(_ id: String, _ glance: RunningGlance) async throws -> Bool {
            var status = ""
            try await eventually("image \(id) stays \(status)") {
                let answer = try? await glance.client.request("GET", "/v2/images/\(id)")
                guard let answer, answer.status == 200 else { return false }
                status = answer.json["status"].string ?? ""
                return status != "saving"
            }
            return status == "queued"
        }

        private func create(_ glance: RunningGlance) async throws -> String {
            var id: String?
            try await eventually("no image can be created") {
                id = try? await glance.client.create()
                return id != nil
            }
            return try #require(id)
        }

        private func check(_ told: [Told], _ glance: RunningGlance, _ site: Site) async throws {
            var images: [JSON] = []
            try await eventually("images stay saving") {
                images = (try? await glance.client.list()) ?? []
                return !images.isEmpty && images.allSatisfy { $0["status"] != "saving" }
            }
            let status = Dictionary(images.map { ($0["id"].string ?? "", $0["status"].string ?? "") }) { one, _ in one }
            for image in told {
                if image.acknowledged.isEmpty { continue }
                #expect(image.acknowledged.count == 1, "two uploads of \(image.id) were acknowledged")
                #expect(status[image.id] == "active", "\(image.id) was acknowledged")
                let file = try await glance.client.request("GET", "/v2/images/\(image.id)/file")
                #expect(file.status == 200 && image.acknowledged.contains(file.body), "data of \(image.id)")
            }
            #expect(told.contains { !$0.acknowledged.isEmpty })
            let stored = try FileManager.default.contentsOfDirectory(atPath: site.images).filter { !$0.hasPrefix(".") }
            #expect(Set(stored) == Set(status.filter { $0.value == "active" }.keys))
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

/// A body that takes a second or so, so that a node can be held in the middle of it.
private struct Trickle: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    private static let parts = 20
    private let data: [UInt8]

    init(_ data: [UInt8]) { self.data = data }

    func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(rest: data[...], size: Swift.max(1, data.count / Self.parts))
    }

    struct AsyncIterator: AsyncIteratorProtocol {
        var rest: ArraySlice<UInt8>
        let size: Int

        mutating func next() async throws -> ByteBuffer? {
            guard !rest.isEmpty else { return nil }
            try await Task.sleep(for: .milliseconds(Int.random(in: 10...100)))
            defer { rest = rest.dropFirst(size) }
            return ByteBuffer(bytes: rest.prefix(size))
        }
    }
}
