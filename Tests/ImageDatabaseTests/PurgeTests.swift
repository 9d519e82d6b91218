import ImageModel
import Testing

@testable import ImageDatabase

@Suite struct PurgeTests {
    private static let databases: [Backend] = [.postgreSQL, .sqlite]
    private static let old = time(0)
    private static let limit = time(100)

    /// Adds an image with one row in each child table, and ages everything that is deleted.
    private static func add(
        _ database: ImageDatabase, _ id: String, deletedTo status: ImageStatus?
    ) async throws {
        let image = Image(
            id: id, status: .active, properties: ["p": "v"], tags: ["t"],
            locations: [ImageLocation(url: "file:///\(id)")],
            members: [ImageMember(imageID: id, project: "m")])
        try await database.images.insert(image)
        if let status {
            for location in try await database.images.delete(id, to: status, from: [.active]) where status == .deleted {
                try await database.locations.markDeleted(#require(location.id))
            }
        }
        for table in ["images"] + children {
            try await database.session.write([
                Statement("UPDATE \(table) SET deleted_at = $1 WHERE deleted", [.time(old)])
            ])
        }
    }

    private static let children = ["image_properties", "image_tags", "image_locations", "image_members"]

    private static func rows(_ database: ImageDatabase, _ id: String) async throws -> [Int] {
        var counts: [Int] = []
        for table in children {
            let column = "image_id"
            counts.append(
                try await database.session.read(Statement("SELECT id FROM \(table) WHERE \(column) = $1", [.text(id)]))[
                    0
                ].count
            )
        }
        return counts
    }

    @Test(arguments: databases) func onlyWhatNobodyNeedsGoes(backend: Backend) async throws {
        try await backend.withDatabase { database in
            try await Self.add(database, "deleted", deletedTo: .deleted)
            try await Self.add(database, "pending", deletedTo: .pendingDelete)
            try await Self.add(database, "live", deletedTo: nil)
            try await Self.add(database, "orphan", deletedTo: .deleted)
            try await Self.add(database, "restored", deletedTo: .pendingDelete)
            try await database.session.write([
                // Bytes that the scrubber has still to remove, though the image says it is done.
                Statement("UPDATE image_locations SET status = 'pending_delete' WHERE image_id = 'orphan'"),
                // What Glance's own --restore does: the children stay deleted, the old time stays everywhere.
                Statement("UPDATE images SET status = 'active', deleted = false WHERE id = 'restored'"),
                Statement("UPDATE image_tags SET deleted_at = $1 WHERE image_id = 'live'", [.time(Self.old)]),
            ])
            _ = try await Purge(database, deletedBefore: Self.limit, limit: nil).run()
            #expect(try await Self.rows(database, "deleted") == [0, 0, 0, 0])
            #expect(try await Self.rows(database, "pending") == [1, 1, 1, 1])
            #expect(try await Self.rows(database, "live") == [1, 1, 1, 1])
            #expect(try await Self.rows(database, "orphan") == [0, 0, 1, 0])
            #expect(try await Self.rows(database, "restored")[2] == 1)

            let result = try await Purge(database, deletedBefore: Self.limit, limit: nil).runOnImages()
            #expect(result.removed.rows == 1)
            #expect(result.kept == 1)
            let left = try await database.session.read(Statement("SELECT id FROM images ORDER BY id"))[0].firstColumn()
            #expect(left == ["live", "orphan", "pending", "restored"])
        }
    }

    @Test(arguments: databases) func youngRowsStayAndTheLimitHolds(backend: Backend) async throws {
        try await backend.withDatabase { database in
            for number in 0..<5 { try await Self.add(database, "i\(number)", deletedTo: .deleted) }
            let young = try await Purge(database, deletedBefore: Self.old, limit: nil).run()
            #expect(young.allSatisfy { $0.rows == 0 })
            let few = try await Purge(database, deletedBefore: Self.limit, limit: 2).run()
            #expect(few.map(\.rows) == [0, 2, 2, 2, 2, 0])
            let rest = try await Purge(database, deletedBefore: Self.limit, limit: nil).run()
            #expect(rest.map(\.rows) == [0, 3, 3, 3, 3, 0])
            #expect(try await Purge(database, deletedBefore: Self.limit, limit: 2).runOnImages().removed.rows == 2)
        }
    }

    @Test(arguments: databases) func tasksGoWithWhatTheySay(backend: Backend) async throws {
        try await backend.withDatabase { database in
            for (id, isDeleted) in [("t1", true), ("t2", true), ("t3", false)] {
                try await database.session.write([
                    Statement(
                        """
                        INSERT INTO tasks (id, type, status, owner, created_at, deleted_at, deleted) \
                        VALUES ($1, 'import', 'success', 'p', $2, $2, $3)
                        """, [.text(id), .time(Self.old), .bool(isDeleted)]),
                    Statement("INSERT INTO task_info (task_id) VALUES ($1)", [.text(id)]),
                ])
            }
            let counts = try await Purge(database, deletedBefore: Self.limit, limit: nil).run()
            #expect(counts.first == .init(table: "task_info", rows: 2) && counts.last == .init(table: "tasks", rows: 2))
            #expect(try await database.session.read(Statement("SELECT id FROM tasks"))[0].firstColumn() == ["t3"])
        }
    }
}
