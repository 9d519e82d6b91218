import Foundation
import Glibc
import TestSupport
import Testing

extension IntegrationTests {
    /// A worker may die at any instruction: what was acknowledged is there, and nothing else is.
    @Suite struct KillTests {
        // Few rounds of many uploads: workers that die young are started again after a pause that doubles each time.
        static let rounds = 9
        static let uploadsPerRound = 60
        static let workers = 4

        private struct Upload: Sendable {
            var id: String
            var data: [UInt8]
            var acknowledged: Bool
        }

        @Test(.timeLimit(.minutes(20)))
        func uploadsAreWholeOrNotThere() async throws {
            try await withServer("postgresql") { database in
                try await withTemporaryDirectory { directory in
                    let site = try Site(
                        directory: directory, database: try database.setting("POSTGRESQL_URL") + "/postgres",
                        workers: Self.workers)
                    try await site.synchronizeDatabase(.ours)
                    let uploads = try await withGlance(.ours, site) { glance in
                        let uploads = try await uploadAndKill(glance)
                        try await check(uploads, glance, site)
                        return uploads
                    }
                    try await checkTables(uploads, database)
                    let acknowledged = uploads.count { $0.acknowledged }
                    // Otherwise the killing came always too early or always too late to say anything.
                    #expect(uploads.count >= 500)
                    #expect(acknowledged > 25 && acknowledged < uploads.count - 25, "\(acknowledged) acknowledged")
                }
            }
        }

        private func uploadAndKill(_ glance: RunningGlance) async throws -> [Upload] {
            // How long an undisturbed round takes, so that the moments of death are spread over all of an upload's life.
            var usual = Duration.milliseconds(1)
            for round in 0..<2 {
                usual = max(usual, try await self.round(glance, seed: UInt64(1000 + round), within: nil).took)
            }
            var uploads: [Upload] = []
            for round in 0..<Self.rounds {
                uploads += try await self.round(glance, seed: UInt64(round), within: usual).uploads
            }
            return uploads
        }

        /// Uploads of random sizes at the same time, during which each worker is killed at its own random moment of
        /// `span` after the start.
        private func round(
            _ glance: RunningGlance, seed: UInt64, within span: Duration?
        ) async throws -> (uploads: [Upload], took: Duration) {
            var waiting: [(id: String, data: [UInt8])] = []
            for index in 0..<Self.uploadsPerRound {
                let data = Noise.bytes(Int.random(in: 0...4_000_000), seed: seed << 8 | UInt64(index))
                waiting.append((try await create(glance), data))
            }
            try await everyWorker(glance)
            let start = ContinuousClock.now
            let uploads = try await withThrowingTaskGroup(of: Upload?.self) { group in
                for (id, data) in waiting {
                    group.addTask {
                        // No answer is an answer here: the connection ends with the worker.
                        let status = try? await glance.client.upload(id, data).status
                        return Upload(id: id, data: data, acknowledged: status == 204)
                    }
                }
                for worker in span == nil ? [] : glance.workers {
                    let moment = (span ?? .zero) * Double.random(in: 0...1)
                    group.addTask {
                        try await Task.sleep(for: moment)
                        kill(worker, SIGKILL)
                        return nil
                    }
                }
                var uploads: [Upload] = []
                for try await upload in group { if let upload { uploads.append(upload) } }
                return uploads
            }
            return (uploads, ContinuousClock.now - start)
        }

        /// Until all workers are there again.
        private func everyWorker(_ glance: RunningGlance) async throws {
            let deadline = ContinuousClock.now + .seconds(60)
            while glance.workers.count < Self.workers {
                if ContinuousClock.now > deadline {
                    throw TestFailure("\(glance.workers.count) workers after a minute")
                }
                try await Task.sleep(for: .milliseconds(20))
            }
        }

        /// A new image, however long the workers take to be there again.
        private func create(_ glance: RunningGlance) async throws -> String {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                do {
                    return try await glance.client.create()
                } catch {
                    if glance.processes.isEmpty { throw TestFailure("the supervisor is gone: \(error)") }
                    if ContinuousClock.now > deadline { throw error }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
        }

        private func check(_ uploads: [Upload], _ glance: RunningGlance, _ site: Site) async throws {
            let images = try await settled(glance)
            var active: [String: Int] = [:]
            for upload in uploads {
                let image = try #require(images[upload.id])
                if image["status"] == "active" {
                    // Acknowledged or not: the answer may have been all that the kill prevented.
                    let file = try await glance.client.request("GET", "/v2/images/\(upload.id)/file")
                    #expect(file.body == upload.data, "data of \(upload.id)")
                    #expect(file.header("Content-MD5") == image["checksum"].string)
                    #expect(image["size"].int == upload.data.count)
                    active[upload.id] = upload.data.count
                } else {
                    #expect(!upload.acknowledged, "\(upload.id) was acknowledged and is \(image["status"])")
                    #expect(image["status"] == "queued")
                    #expect(image["size"] == .null && image["checksum"] == .null)
                }
            }
            // Workers that died right after an upload's end have left a second name of its file.
            try await command(Project.scrubber, ["--config-file", site.configurationFile])
            let others = images.filter { image in !uploads.contains { $0.id == image.key } }
            for (id, image) in others where image["status"] == "active" { active[id] = image["size"].int }
            #expect(try Self.files(site.images) == active, "the store and the database must agree to the byte")
        }

        /// All images, when none is being saved any more.
        private func settled(_ glance: RunningGlance) async throws -> [String: JSON] {
            let deadline = ContinuousClock.now + .seconds(60)
            while true {
                if let images = try? await glance.client.list() {
                    let saving = images.filter { $0["status"] == "saving" }
                    if saving.isEmpty || ContinuousClock.now > deadline {
                        #expect(saving.isEmpty, "still being saved")
                        return Dictionary(images.map { ($0["id"].string ?? "", $0) }) { first, _ in first }
                    }
                }
                try await Task.sleep(for: .milliseconds(100))
            }
        }

        /// Every file below `directory` and its size, whatever its name.
        private static func files(_ directory: String) throws -> [String: Int] {
            var sizes: [String: Int] = [:]
            let files = FileManager.default
            for name in try files.subpathsOfDirectory(atPath: directory) {
                let attributes = try files.attributesOfItem(atPath: "\(directory)/\(name)")
                guard attributes[.type] as? FileAttributeType != .typeDirectory else { continue }
                sizes[name] = (attributes[.size] as? NSNumber)?.intValue
            }
            return sizes
        }

        /// A row of a location for each active image, and for no other.
        private func checkTables(_ uploads: [Upload], _ database: SupportServer) async throws {
            let query = """
                SELECT count(*) FROM images i FULL JOIN
                  (SELECT * FROM image_locations WHERE NOT deleted AND status = 'active') l ON l.image_id = i.id
                WHERE (i.status = 'active') IS DISTINCT FROM (l.id IS NOT NULL)
                """
            let differences = try await command("psql", ["-qAt", "-c", query], environment: database.settings)
            #expect(differences.trimmingCharacters(in: .whitespacesAndNewlines) == "0")
        }
    }
}
