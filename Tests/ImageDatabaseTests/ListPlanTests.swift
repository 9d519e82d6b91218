import ImageModel
import Testing
import TextCoding

@testable import ImageDatabase

/// What lists read of 100,000 images, whatever they ask for. Blocks are counted, which do not depend on the machine's load.
@Suite struct ListPlanTests {
    private static let project = "00000000000000000000000000000000"

    /// A project with 2,000 images and 100 that are shared with it, among others with a hundred each; 500 public ones.
    private static let seed = """
        INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, owner, min_disk, min_ram, protected, \
        visibility, os_hidden, disk_format, container_format) \
        SELECT md5(n::text)::uuid::text, 'image ' || md5((n % 70000)::text), (n * 7919) % 1000003, 'active', \
        timestamp '2026-01-01' + n * interval '1 second', timestamp '2026-01-01' + n * interval '2 seconds', false, \
        CASE WHEN n % 50 = 0 THEN '\(project)' ELSE md5((n % 1000)::text) END, 0, 0, n % 1000 = 1, \
        (CASE WHEN n % 200 = 7 THEN 'public' WHEN n % 500 = 3 THEN 'community' WHEN n % 3 = 0 THEN 'private' \
        ELSE 'shared' END)::image_visibility, n % 2000 = 9, 'raw', 'bare' FROM generate_series(1, 100000) n;
        INSERT INTO image_members (image_id, member, can_share, status, created_at, updated_at, deleted) \
        SELECT md5(n::text)::uuid::text, CASE WHEN n % 1000 = 1 THEN '\(project)' ELSE md5((n % 777)::text) END, false, \
        'accepted', now(), now(), false FROM generate_series(1, 100000, 20) n;
        INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) \
        SELECT md5(n::text)::uuid::text, t, now(), now(), false FROM generate_series(1, 100000) n, \
        LATERAL (VALUES ('t' || n % 10), ('rare' || n % 20000), ('some' || n % 200)) v(t);
        INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted) \
        SELECT md5(n::text)::uuid::text, p, v, now(), now(), false FROM generate_series(1, 100000) n, \
        LATERAL (VALUES ('os_distro', 'distro' || n % 7), ('serial', md5((n % 30000)::text)), \
        ('note', repeat('long', CASE WHEN n % 100 = 0 THEN 1000 ELSE 1 END))) v(p, v);
        INSERT INTO image_locations (image_id, value, meta_data, status, created_at, updated_at, deleted) \
        SELECT md5(n::text)::uuid::text, 'file:///images/' || n, '{}', 'active', now(), now(), false \
        FROM generate_series(1, 100000) n;
        """

    /// Each kind of list, and the blocks that it may read.
    private static let lists: [(name: String, most: Int, change: @Sendable (inout ImageQuery) -> Void)] = [
        ("the first page", 2000, { _ in }),
        ("with a marker", 2000, { $0.marker = middle }),
        ("by name", 2000, { $0.sort = [.init(.name, descending: false), .init(.createdAt, descending: true)] }),
        (
            "by name with a marker", 2000,
            {
                $0.sort = [.init(.name, descending: false), .init(.createdAt, descending: true)]
                $0.marker = middle
            }
        ),
        (
            "by size with a marker", 2000,
            {
                $0.sort = [.init(.size, descending: true), .init(.createdAt, descending: true)]
                $0.marker = middle
            }
        ),
        ("by size", 2000, { $0.sort = [.init(.size, descending: true), .init(.createdAt, descending: true)] }),
        ("of a name", 2000, { $0.filters = [.oneOf(.name, ["image \(md5Of42)"])] }),
        ("of three names", 2000, { $0.filters = [.oneOf(.name, ["image \(md5Of42)", "b", "c"])] }),
        ("of a name that nothing has", 2000, { $0.filters = [.oneOf(.name, ["none"])] }),
        ("of a rare tag", 2000, { $0.filters = [.tag("rare500")] }),
        ("of a tag that nothing has", 2000, { $0.filters = [.tag("none")] }),
        ("of a frequent tag and a rare one", 2000, { $0.filters = [.tag("t0"), .tag("rare500")] }),
        ("of a frequent tag by name", 3000, { byName(&$0, "t0") }),
        (
            "of a frequent tag by name with a marker", 3000,
            {
                byName(&$0, "t0")
                $0.marker = middle
            }
        ),
        ("of a frequent tag that none of the project's images has, by name", 20_000, { byName(&$0, "t3") }),
        // Five hundred of all: each fourth of the project's, and none of them.
        ("of a tag that some have, by name", 6000, { byName(&$0, "some0") }),
        ("of a tag that some of others have, by name", 6000, { byName(&$0, "some1") }),
        ("of a rare property", 2000, { $0.filters = [.property("serial", md5Of42)] }),
        ("of a frequent property", 3000, { $0.filters = [.property("os_distro", "distro3")] }),
        ("of sizes that nothing has", 2000, { $0.filters = [.integer(.size, .greaterOrEqual, 2_000_000)] }),
        ("of sizes that half have", 2000, { $0.filters = [.integer(.size, .greaterOrEqual, 500_000)] }),
        (
            "of sizes that nothing has, by size", 2000,
            {
                $0.filters = [.integer(.size, .greaterOrEqual, 2_000_000)]
                $0.sort = [.init(.size, descending: true), .init(.createdAt, descending: true)]
            }
        ),
        ("of the hidden", 2000, { $0.isHidden = true }),
        ("of the public", 2000, { $0.visibility = .public }),
    ]

    private static func byName(_ query: inout ImageQuery, _ tag: String) {
        query.filters = [.tag(tag)]
        query.sort = [.init(.name, descending: false), .init(.createdAt, descending: true)]
    }

    /// Rows of images that a list may look at where it is not a thousand: less than the project has.
    private static let mostRows = [
        // The hits of a filter are counted up to a thousand.
        "of sizes that half have": 3000,
        // All that the project sees.
        "of a frequent tag that none of the project's images has, by name": 4000,
        // Some are looked through in vain.
        "of a tag that some have, by name": 2000,
        "of a tag that some of others have, by name": 2000,
    ]

    /// The id of the image in the middle of the project's.
    private static let middle = "1017bfd4-6739-55ff-ee46-41ad3d481b1c"
    private static let md5Of42 = "a1d0c6e83f027327d8461063f4ac58a6"

    @Test func whatAListReadsDoesNotDependOnHowManyImagesThereAre() async throws {
        try await Backend.postgreSQL.withDatabase { database in
            try await database.session.write(Self.seed.split(separator: ";\n").map { Statement(String($0)) })
            for table in ["images", "image_members", "image_tags", "image_properties", "image_locations"] {
                try await database.session.write([Statement("VACUUM ANALYZE \(table)")])
            }
            for isAdmin in [false, true] {
                for list in Self.lists {
                    var query = ImageQuery(viewer: .init(project: Self.project, isAdmin: isAdmin))
                    list.change(&query)
                    let (blocks, rows, plan) = try await Self.explain(query, database)
                    #expect(blocks <= list.most, "\(list.name), administrator: \(isAdmin)\n\(plan)")
                    #expect(
                        rows <= Self.mostRows[list.name, default: 1000],
                        "\(list.name), administrator: \(isAdmin)\n\(plan)")
                }
            }
        }
    }

    /// Where nearly all rows have one of very few tags, a database expects thousands of any other, too.
    @Test func aRareTagIsLookedUpAmongFrequentOnes() async throws {
        try await Backend.postgreSQL.withDatabase { database in
            let images = Self.seed.split(separator: ";\n")[0].replacing("(1, 100000)", with: "(1, 50000)")
            let tags = """
                INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted) \
                SELECT id, CASE WHEN row_number() OVER (ORDER BY id) % 5000 = 0 THEN 'rare' ELSE 'frequent' END, now(), now(), \
                false FROM images
                """
            try await database.session.write([Statement(String(images)), Statement(tags)])
            for table in ["images", "image_tags"] {
                try await database.session.write([Statement("VACUUM ANALYZE \(table)")])
            }
            for isAdmin in [false, true] {
                var query = ImageQuery(viewer: .init(project: Self.project, isAdmin: isAdmin))
                Self.byName(&query, "rare")
                let (blocks, rows, plan) = try await Self.explain(query, database)
                #expect(blocks <= 300 && rows <= 20, "administrator: \(isAdmin)\n\(plan)")
            }
        }
    }

    /// Blocks that a list reads, from memory or from the disk, rows of images that it looks at, and how: by the plan for any
    /// parameters, which a connection settles on.
    private static func explain(
        _ query: ImageQuery, _ database: ImageDatabase
    ) async throws -> (blocks: Int, rows: Int, plan: String) {
        let list = ImageListStatement(query, database.session.dialect)
        let statement = list.build()
        let values = statement.parameters.map { value in
            switch value {
            case .text(let text?): "'\(text)'"
            case .integer(let number?): "\(number)"
            default: "NULL"
            }
        }
        let arguments = values.isEmpty ? "" : "(\(values.joined(separator: ", ")))"
        let rows = try await database.session.write([
            Statement("SET LOCAL plan_cache_mode = force_generic_plan"),
            Statement("PREPARE list AS \(statement.sql)"),
            Statement("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) EXECUTE list\(arguments)"),
            Statement("DEALLOCATE list"),
        ])
        let plan = rows[2].firstColumn()
        // The first line with buffers is that of the whole statement.
        let buffers = try #require(plan.first { $0.contains("Buffers: shared") })
        let counts = buffers.matches(of: /(?:hit|read)=(\d+)/).compactMap { Int($0.output.1) }
        return (counts.reduce(0, +), rowsOfImages(plan), plan.joined(separator: "\n"))
    }

    /// Rows that all scans of images have found and refused together; an index that holds all that is asked for has many of them
    /// in a block.
    private static func rowsOfImages(_ plan: [String]) -> Int {
        var (rows, loops) = (0, 0)
        for line in plan {
            if line.contains("->") { loops = 0 }
            if line.contains(" on images "), let match = line.firstMatch(of: /actual rows=(\d+) loops=(\d+)/) {
                loops = Int(match.output.2) ?? 0
                rows += (Int(match.output.1) ?? 0) * loops
            } else if let match = line.firstMatch(of: /Rows Removed by Filter: (\d+)/) {
                rows += (Int(match.output.1) ?? 0) * loops
            }
        }
        return rows
    }
}
