import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct ImageTests {
    private static func full(_ id: String = newID()) -> Image {
        Image(
            id: id, name: "Debian \u{1F4BF} „12“", status: .active, visibility: .community, owner: "p1",
            size: 9_000_000_000, virtualSize: 20_000_000_000, diskFormat: "qcow2", containerFormat: "bare", minDisk: 3,
            minRAM: 512, isProtected: true, isHidden: true, checksum: "d41d8cd98f00b204e9800998ecf8427e",
            hashAlgorithm: "sha512", hashValue: "cf83e1357eefb8bd", createdAt: time(0), updatedAt: time(5),
            properties: ["os_distro": "debian", "empty": "", "null": nil], tags: ["b", "a"],
            locations: [
                ImageLocation(
                    url: "file:///a b", metadata: ["store": "fast", "n": 3, "deep": .object(["x": .array([.null])])]),
                ImageLocation(url: "rbd://f/p/i/snap", status: .uploading),
            ],
            members: [
                ImageMember(imageID: id, project: "p2", status: .accepted, createdAt: time(1), updatedAt: time(2))
            ])
    }

    @Test(arguments: Backend.allCases) func whatIsWrittenIsRead(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Self.full()
            try await database.images.insert(image)
            try await database.images.insert(Image(id: newID(), createdAt: time(0)))
            var read = try #require(try await database.images.find(image.id))
            #expect(read.locations.allSatisfy { $0.id != nil })
            for index in read.locations.indices { read.locations[index].id = nil }
            var expected = image
            expected.tags.sort()
            #expect(read == expected)
            #expect(try await database.images.find("missing") == nil)
        }
    }

    @Test(arguments: Backend.allCases) func anyTextComesBackAsItIs(backend: Backend) async throws {
        let texts = ["NULL", "null", "{}", "{a,b}", "\"", "\\", "a\"b\\c", " x ", "\n\t", "é🙂", "[\"]", ",", "'"]
        try await backend.withDatabase { database in
            let properties = texts.map { ($0, Optional($0)) } + [("nothing", nil), ("empty", "")]
            let image = Image(
                id: newID(), createdAt: time(0), properties: Dictionary(uniqueKeysWithValues: properties),
                tags: texts.sorted())
            try await database.images.insert(image)
            let read = try await database.images.find(image.id)
            #expect(read?.properties == image.properties)
            #expect(read?.tags == image.tags)
        }
    }

    @Test(arguments: Backend.allCases) func anIdIsTakenForEver(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            await #expect(throws: DatabaseError.duplicate) { try await database.images.insert(image) }
            _ = try await database.images.delete(image.id, to: .deleted, from: [.queued])
            await #expect(throws: DatabaseError.duplicate) { try await database.images.insert(image) }
        }
    }

    @Test(arguments: Backend.allCases) func anInsertThatFailsLeavesNothing(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let first = Image(id: newID())
            try await database.images.insert(first)
            var second = Image(id: first.id, properties: ["a": "b"])
            second.tags = ["t"]
            await #expect(throws: DatabaseError.duplicate) { try await database.images.insert(second) }
            #expect(try await database.images.find(first.id)?.properties == [:])
            #expect(try await database.images.find(first.id)?.tags == [])
        }
    }

    @Test(arguments: Backend.allCases) func anUpdateWritesWhatDiffers(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await database.images.insert(Self.full())
            let old = try #require(try await database.images.list(.everything).first)
            var new = old
            new.name = nil
            new.visibility = .public
            new.isProtected = false
            new.size = nil
            new.properties = ["os_distro": "ubuntu", "added": "x"]
            new.tags = ["a", "c"]
            new.locations.removeFirst()
            new.locations[0].status = .active
            new.locations.append(ImageLocation(url: "s3://new", metadata: ["store": "s3"]))
            let updatedAt = try await database.images.update(from: old, to: new)
            #expect(updatedAt > old.updatedAt)
            var read = try #require(try await database.images.find(old.id))
            #expect(read.updatedAt == updatedAt)
            #expect(read.locations.map(\.url) == ["rbd://f/p/i/snap", "s3://new"])
            #expect(read.locations.map(\.status) == [.active, .active])
            (read.updatedAt, read.locations) = (old.updatedAt, new.locations)
            #expect(read == new)
        }
    }

    @Test(arguments: Backend.allCases) func parallelUpdatesOfDifferentFieldsBothStay(backend: Backend)
        async throws
    {
        try await backend.withDatabase { database in
            let old = Image(id: newID(), properties: ["p": "1"])
            try await database.images.insert(old)
            var (one, two) = (old, old)
            one.name = "one"
            two.minRAM = 7
            two.properties["q"] = "2"
            _ = try await database.images.update(from: old, to: one)
            _ = try await database.images.update(from: old, to: two)
            let read = try #require(try await database.images.find(old.id))
            #expect(read.name == "one" && read.minRAM == 7)
            #expect(read.properties == ["p": "1", "q": "2"])
        }
    }

    @Test(arguments: Backend.allCases) func anUpdateNeedsTheOldStatus(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let old = Image(id: newID())
            try await database.images.insert(old)
            var (active, stale) = (old, old)
            active.status = .active
            stale.name = "late"
            stale.properties = ["x": "y"]
            _ = try await database.images.update(from: old, to: active)
            await #expect(throws: DatabaseError.conflict) { _ = try await database.images.update(from: old, to: stale) }
            #expect(try await database.images.find(old.id)?.properties == [:])
            _ = try await database.images.delete(old.id, to: .deleted, from: [.active])
            await #expect(throws: DatabaseError.notFound) { _ = try await database.images.update(from: old, to: stale) }
        }
    }

    @Test(arguments: Backend.allCases)
    func aPropertyHasOneRowAndTagsGetNewOnes(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let bare = Image(id: newID())
            var full = bare
            full.properties = ["p": "v"]
            full.tags = ["t"]
            try await database.images.insert(full)
            _ = try await database.images.update(from: full, to: bare)
            #expect(try await database.images.find(bare.id)?.tags == [])
            _ = try await database.images.update(from: bare, to: full)
            #expect(try await database.images.find(bare.id)?.properties == ["p": "v"])
            let rows = try await database.session.read(
                Statement("SELECT deleted, deleted_at FROM image_properties"),
                Statement("SELECT id FROM image_tags"))
            #expect(rows[0].count == 1 && !rows[0][0].bool(0) && rows[0][0].isNull(1))
            #expect(rows[1].count == 2)
        }
    }

    @Test(arguments: Backend.allCases) func aDeletionReachesAllChildren(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Self.full()
            try await database.images.insert(image)
            await #expect(throws: DatabaseError.conflict) {
                _ = try await database.images.delete(image.id, to: .deleted, from: [.queued])
            }
            let locations = try await database.images.delete(image.id, to: .pendingDelete, from: [.queued, .active])
            #expect(locations.map(\.url) == ["file:///a b", "rbd://f/p/i/snap"])
            #expect(locations[0].metadata["store"] == "fast")
            #expect(try await database.images.find(image.id) == nil)
            let deleted = try #require(try await database.images.find(image.id, includingDeleted: true))
            #expect(deleted.status == .pendingDelete && deleted.deletedAt == deleted.updatedAt)
            #expect(deleted.properties.isEmpty && deleted.tags.isEmpty && deleted.members.isEmpty)
            let rows = try await database.session.read(
                Statement("SELECT status FROM image_locations WHERE deleted AND deleted_at IS NOT NULL"))
            #expect(rows[0].firstColumn() == ["pending_delete", "pending_delete"])
            await #expect(throws: DatabaseError.notFound) {
                _ = try await database.images.delete(image.id, to: .deleted, from: [.active])
            }
        }
    }

    @Test(arguments: Backend.allCases)
    func dataOfDeletedLocationsWaitForTheirRemoval(backend: Backend) async throws {
        try await backend.withDatabase { database in
            func waiting(_ limit: Int = 10) async throws -> [String] {
                try await database.locations.awaitingDeletion(since: .now.advanced(bySeconds: 60), limit: limit)
                    .map(\.location.url).sorted()
            }
            func add(_ urls: String...) async throws -> Image {
                let id = newID()
                try await database.images.insert(
                    Image(
                        id: id, status: .active,
                        locations: urls.map { ImageLocation(url: $0, metadata: ["store": "s"]) }))
                return try #require(try await database.images.find(id))
            }
            let (gone, scrubbed, shortened) = (
                try await add("a", "shared"), try await add("b"), try await add("c", "shared")
            )
            #expect(try await waiting() == [])
            let removed = try await database.images.delete(gone.id, to: .deleted, from: [.active])
            _ = try await database.images.delete(scrubbed.id, to: .pendingDelete, from: [.active])
            var less = shortened
            less.locations.removeFirst()
            _ = try await database.images.update(from: shortened, to: less)
            #expect(try await waiting() == ["a", "c", "shared"], "not the scrubber's")
            let own = try #require(removed.first { $0.url == "a" })
            #expect(try await !database.locations.giveUpShared(own))
            let shared = try #require(removed.first { $0.url == "shared" })
            #expect(try await database.locations.giveUpShared(shared), "a live image has it too")
            #expect(try await waiting() == ["a", "c"])
            #expect(try await waiting(1).count == 1)
            #expect(try await database.locations.awaitingDeletion(since: time(0), limit: 9).isEmpty)
            for location in removed { try await database.locations.markDeleted(try #require(location.id)) }
            #expect(try await waiting() == ["c"])
            try await database.locations.markDeleted(try #require(less.locations[0].id))
            #expect(
                try await database.images.find(shortened.id)?.locations == less.locations, "a live row stays as it is")
        }
    }

    @Test(arguments: Backend.allCases) func usageCountsEachLiveLocation(backend: Backend) async throws {
        try await backend.withDatabase { database in
            func add(_ status: ImageStatus, _ size: Int64?, _ count: Int, owner: String = "p") async throws -> String {
                let locations = (0..<count).map { ImageLocation(url: "file:///\($0)") }
                let image = Image(id: newID(), status: status, owner: owner, size: size, locations: locations)
                try await database.images.insert(image)
                return image.id
            }
            let big = try await add(.active, 3_000_000_000_000, 2)
            _ = try await add(.deactivated, 5, 1)
            _ = try await add(.queued, nil, 0)
            _ = try await add(.killed, 1000, 1)
            _ = try await add(.active, 1000, 1, owner: "q")
            let gone = try await add(.active, 1000, 1)
            _ = try await database.images.delete(gone, to: .pendingDelete, from: [.active])
            #expect(try await database.images.storageUsage(ofProject: "p") == 6_000_000_000_005)
            #expect(try await database.images.storageUsage(ofProject: "p", excludingImage: big) == 5)
            #expect(try await database.images.storageUsage(ofProject: "nobody") == 0)
        }
    }

    @Test(arguments: Backend.allCases) func aRowThatNobodyUnderstandsIsAnError(backend: Backend) async throws {
        try await backend.withDatabase { database in
            let image = Image(id: newID())
            try await database.images.insert(image)
            try await database.session.write([Statement("UPDATE images SET status = 'melted'")])
            await #expect {
                _ = try await database.images.find(image.id)
            } throws: {
                if case .statement(code: "decode", _)? = $0 as? DatabaseError { true } else { false }
            }
        }
    }
}

extension ImageQuery {
    /// All images that a list can show to an administrator, hidden ones first asked for.
    static var everything: ImageQuery {
        var query = ImageQuery(viewer: .init(project: nil, isAdmin: true))
        query.includesCommunity = true
        query.isHidden = true
        return query
    }
}
