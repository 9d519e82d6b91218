import ImageModel
import Processes
import Testing

@testable import ImageDatabase

@Suite struct LimitTests {
    private static let mebibyte: Int64 = 1 << 20

    private static func mirror(
        _ defaults: [LimitedResource: Int64], own: [LimitMirror.Scope: Int64] = [:], roots: [String: String] = [:]
    ) -> LimitMirror {
        LimitMirror(
            model: roots.isEmpty ? "flat" : "strict_two_level",
            defaults: Dictionary(uniqueKeysWithValues: LimitedResource.allCases.map { ($0, defaults[$0] ?? -1) }),
            own: own, roots: roots)
    }

    private static func queued(_ database: ImageDatabase, owner: String) async throws -> UploadRecord {
        let id = newID()
        try await database.images.insert(Image(id: id, owner: owner))
        return UploadRecord(imageID: id, uploadID: newID(), storeID: nil, process: .current())
    }

    private static func finish(_ database: ImageDatabase, _ upload: UploadRecord, _ size: Int64) async throws {
        try await database.uploads.finish(
            upload, location: ImageLocation(url: "file:///\(upload.imageID)"), size: size, virtualSize: size,
            checksum: "c", hashAlgorithm: "sha512", hashValue: "h")
    }

    private static func used(
        _ resource: LimitedResource, _ database: ImageDatabase, _ project: String
    ) async throws -> Int64 {
        try #require(try await database.limits.usage(ofProject: project).first { $0.resource == resource }).used
    }

    private static func begin(
        _ database: ImageDatabase, _ upload: UploadRecord, _ project: String, _ size: UploadClaim.Size
    ) async throws(DatabaseError) -> Int64? {
        try await database.uploads.begin(upload, claim: UploadClaim(projectID: project, size: size))
    }

    /// Two pools on one database stand for two nodes.
    private func withTwoNodes(
        _ backend: Backend, _ body: (ImageDatabase, ImageDatabase) async throws -> Void
    ) async throws {
        try await backend.withURL { url in
            let (one, other) = (try backend.open(url), try backend.open(url))
            try await withClosing(one) {
                try await withClosing(other) {
                    _ = try await SchemaMigrator(one).upgrade(to: "heads")
                    try await body(one, other)
                }
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func parallelUploadsReachALimitToTheByteAndNeverPassIt(backend: Backend) async throws {
        try await withTwoNodes(backend) { one, other in
            _ = try await one.limits.storeMirror(Self.mirror([.imageSizeTotal: 10]), over: nil)
            var uploads: [UploadRecord] = []
            for _ in 0..<80 { uploads.append(try await Self.queued(one, owner: "p")) }
            let size = Self.mebibyte / 4
            let begun = await withTaskGroup(of: Bool.self) { group in
                for (index, upload) in uploads.enumerated() {
                    let node = index % 2 == 0 ? one : other
                    group.addTask {
                        do {
                            _ = try await Self.begin(node, upload, "p", .known(size))
                            // Some end while others begin: the claim becomes usage in between.
                            if index % 3 != 0 { try await Self.finish(node, upload, size) }
                            return true
                        } catch {
                            #expect(error as? DatabaseError == .limitReached)
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(begun == 40)
            #expect(try await Self.used(.imageSizeTotal, one, "p") == 10 * Self.mebibyte)
            let late = try await Self.queued(one, owner: "p")
            await #expect(throws: DatabaseError.limitReached) { _ = try await Self.begin(one, late, "p", .known(1)) }
            #expect(try await one.images.find(late.imageID)?.status == .queued)
            _ = try await Self.begin(one, late, "p", .known(0))
        }
    }

    @Test(arguments: Backend.allCases)
    func parallelCreationsNeverPassACount(backend: Backend) async throws {
        try await withTwoNodes(backend) { one, other in
            _ = try await one.limits.storeMirror(Self.mirror([.imageCountTotal: 17]), over: nil)
            let created = await withTaskGroup(of: Bool.self) { group in
                for index in 0..<60 {
                    let node = index % 2 == 0 ? one : other
                    group.addTask {
                        do {
                            try await node.images.insert(
                                Image(id: newID(), owner: "p"),
                                claim: LimitClaim(projectID: "p", amounts: [.imageCountTotal: 1]))
                            return true
                        } catch {
                            #expect(error as? DatabaseError == .limitReached)
                            return false
                        }
                    }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(created == 17)
            let image = try #require(
                try await one.images.list(ImageQuery(viewer: ImageQuery.Viewer(project: "p", isAdmin: true))).first)
            _ = try await one.images.delete(image.id, to: .pendingDelete, from: [.queued])
            #expect(try await Self.used(.imageCountTotal, one, "p") == 16)
            try await other.images.insert(
                Image(id: newID(), owner: "p"), claim: LimitClaim(projectID: "p", amounts: [.imageCountTotal: 1]))
        }
    }

    @Test(arguments: Backend.allCases)
    func aGrowingClaimGetsWhatIsLeftAndGivesBackWhatItDidNotNeed(backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await database.limits.storeMirror(Self.mirror([.imageSizeTotal: 3]), over: nil)
            let (first, second) = (
                try await Self.queued(database, owner: "p"), try await Self.queued(database, owner: "p")
            )
            #expect(try await Self.begin(database, first, "p", .unknown(step: 1000)) == 1000)
            #expect(try await Self.begin(database, second, "p", .known(Self.mebibyte)) == Self.mebibyte)
            let all = 2 * Self.mebibyte
            let reached = ClaimedBytes(bytes: all, isPastLimit: false)
            #expect(try await database.limits.extendClaim(of: first, projectID: "p", by: 5 * Self.mebibyte) == reached)
            #expect(try await database.limits.extendClaim(of: first, projectID: "p", by: 1, need: 1) == reached)
            try await Self.finish(database, first, 7)
            #expect(try await Self.used(.imageSizeTotal, database, "p") == Self.mebibyte + 7)
            #expect(try await database.uploads.abandon(second))
            try await database.uploads.abort(second)
            #expect(try await Self.used(.imageSizeTotal, database, "p") == 7)
            await #expect(throws: DatabaseError.conflict) {
                _ = try await database.limits.extendClaim(of: second, projectID: "p", by: 1)
            }
            _ = try await database.images.delete(first.imageID, to: .deleted, from: [.active])
            #expect(try await Self.used(.imageSizeTotal, database, "p") == 0)
        }
    }

    /// Who began within the limit may come to its end, as with oslo.limit, but nobody else until there is room again.
    @Test(arguments: Backend.allCases)
    func oneUploadOfUnknownSizeMayPassALimit(backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await database.limits.storeMirror(Self.mirror([.imageSizeTotal: 1]), over: nil)
            func queued() async throws -> UploadRecord { try await Self.queued(database, owner: "p") }
            let uploads = [try await queued(), try await queued(), try await queued()]
            func extend(_ upload: UploadRecord, by step: Int64, need: Int64) async throws -> ClaimedBytes {
                try await database.limits.extendClaim(of: upload, projectID: "p", by: step, need: need, mayPass: true)
            }
            #expect(try await Self.begin(database, uploads[0], "p", .unknown(step: Self.mebibyte)) == Self.mebibyte)
            // The limit is reached to the byte, not passed.
            #expect(try await Self.begin(database, uploads[1], "p", .unknown(step: Self.mebibyte)) == 0)
            #expect(try await extend(uploads[1], by: 5000, need: 1000) == ClaimedBytes(bytes: 1000, isPastLimit: true))
            let refused = ClaimedBytes(bytes: Self.mebibyte, isPastLimit: true)
            #expect(try await extend(uploads[0], by: 5000, need: 1) == refused)
            #expect(try await Self.begin(database, uploads[2], "p", .unknown(step: 1)) == 0)
            #expect(try await extend(uploads[2], by: 1, need: 1) == ClaimedBytes(bytes: 0, isPastLimit: true))
            try await Self.finish(database, uploads[1], 1000)
            #expect(try await extend(uploads[2], by: 1, need: 1) == ClaimedBytes(bytes: 0, isPastLimit: true))
            try await Self.finish(database, uploads[0], 7)
            #expect(try await extend(uploads[2], by: 9, need: 1) == ClaimedBytes(bytes: 9, isPastLimit: false))
        }
    }

    @Test(arguments: Backend.allCases)
    func theClaimOfADeadUploadGoesWithItsRecord(backend: Backend) async throws {
        try await backend.withDatabase { database in
            _ = try await database.limits.storeMirror(
                Self.mirror([.imageSizeTotal: 1, .imageCountUploading: 1]), over: nil)
            let (dead, next) = (
                try await Self.queued(database, owner: "p"), try await Self.queued(database, owner: "p")
            )
            _ = try await Self.begin(database, dead, "p", .known(Self.mebibyte))
            await #expect(throws: DatabaseError.limitReached) {
                _ = try await Self.begin(database, next, "p", .known(0))
            }
            let sweeper = ProcessIdentity(host: "boot/1", pid: 1, startTime: 1)
            let record = try #require(try await database.uploads.all().first)
            try await database.uploads.abort(try #require(try await database.uploads.takeOver(record, by: sweeper)))
            _ = try await Self.begin(database, next, "p", .known(Self.mebibyte))
        }
    }

    @Test(arguments: Backend.allCases)
    func aDomainsLimitHoldsForTheSumOfItsProjects(backend: Backend) async throws {
        try await withTwoNodes(backend) { one, other in
            let scope = LimitMirror.Scope(id: "domain", resource: .imageSizeTotal)
            _ = try await one.limits.storeMirror(
                Self.mirror(
                    [.imageSizeTotal: 3], own: [scope: 5], roots: ["a": "domain", "b": "domain", "c": "other"]),
                over: nil)
            var uploads: [(UploadRecord, String)] = []
            for project in ["a", "b"] {
                for _ in 0..<16 { uploads.append((try await Self.queued(one, owner: project), project)) }
            }
            let size = Self.mebibyte / 4
            let begun = await withTaskGroup(of: String?.self) { group in
                for (index, (upload, project)) in uploads.enumerated() {
                    let node = index % 2 == 0 ? one : other
                    group.addTask {
                        (try? await Self.begin(node, upload, project, .known(size))) == nil ? nil : project
                    }
                }
                return await group.reduce(into: [String: Int]()) {
                    if let project = $1 { $0[project, default: 0] += 1 }
                }
            }
            #expect(begun.values.reduce(0, +) == 20)
            #expect(begun.values.allSatisfy { $0 <= 12 })
            let other = try await Self.queued(one, owner: "c")
            _ = try await Self.begin(one, other, "c", .known(3 * Self.mebibyte))
            let scopes = try await one.limits.scopes(of: .imageSizeTotal, project: "a")
            #expect(scopes.contains { $0.id == "domain" && $0.usage.limit == 5 && $0.usage.used == 5 * Self.mebibyte })
        }
    }

    @Test(arguments: Backend.allCases)
    func limitsComeFromTheProjectThenTheRegisteredLimitThenAre0(backend: Backend) async throws {
        try await backend.withDatabase { database in
            await #expect(throws: DatabaseError.limitsUnknown) { _ = try await database.limits.usage(ofProject: "p") }
            let claim = LimitClaim(projectID: "p", amounts: [.imageCountTotal: 1])
            await #expect(throws: DatabaseError.limitsUnknown) {
                try await database.images.insert(Image(id: newID(), owner: "p"), claim: claim)
            }
            var stored = try await database.limits.storeMirror(LimitMirror(model: "flat"), over: nil)
            await #expect(throws: DatabaseError.limitReached) {
                try await database.images.insert(Image(id: newID(), owner: "p"), claim: claim)
            }
            var mirror = LimitMirror(model: "flat", defaults: [.imageCountTotal: 1])
            mirror.own[LimitMirror.Scope(id: "rich", resource: .imageCountTotal)] = -1
            stored = try await database.limits.storeMirror(mirror, over: stored)
            try await database.images.insert(Image(id: newID(), owner: "p"), claim: claim)
            await #expect(throws: DatabaseError.limitReached) {
                try await database.images.insert(Image(id: newID(), owner: "p"), claim: claim)
            }
            for _ in 0..<3 {
                try await database.images.insert(
                    Image(id: newID(), owner: "rich"),
                    claim: LimitClaim(projectID: "rich", amounts: [.imageCountTotal: 1]))
            }
            let usage = try await database.limits.usage(ofProject: "p")
            #expect(usage.map(\.resource) == LimitedResource.allCases)
            #expect(usage.map(\.limit) == [0, 0, 1, 0] && usage.map(\.used) == [0, 0, 1, 0])
        }
    }

    @Test(arguments: Backend.allCases)
    func anOlderLookAtKeystoneNeverReplacesANewerOne(backend: Backend) async throws {
        try await backend.withDatabase { database in
            #expect(try await database.limits.mirror() == nil)
            let scope = LimitMirror.Scope(id: "p", resource: .imageSizeTotal)
            let first = LimitMirror(
                model: "strict_two_level", defaults: [.imageSizeTotal: 5], own: [scope: 2], roots: ["p": "d", "q": "d"])
            let stored = try await database.limits.storeMirror(first, over: nil, at: time(0))
            await #expect(throws: DatabaseError.conflict) {
                _ = try await database.limits.storeMirror(first, over: nil, at: time(1))
            }
            #expect(try await database.limits.mirror() == stored)
            var second = first
            second.own = [:]
            second.defaults[.imageCountTotal] = 9
            second.roots = ["q": "e"]
            let newer = try await database.limits.storeMirror(second, over: stored, at: time(2))
            #expect(try await database.limits.mirror() == newer && newer.generation == stored.generation + 1)
            await #expect(throws: DatabaseError.conflict) {
                _ = try await database.limits.storeMirror(first, over: stored, at: time(3))
            }
            let same = try await database.limits.storeMirror(second, over: newer, at: time(4))
            #expect(same.generation == newer.generation)
            #expect(try await database.limits.mirrorState()?.refreshedAt == time(4))
        }
    }
}
