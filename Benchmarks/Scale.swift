import Foundation
import TestSupport

/// Pages of lists at a million images, against the same pages at ten thousand.
///
/// The images are made by SQL, which takes minutes, and kept in /var/tmp for the next run.
enum Scale {
    private static let kept = "/var/tmp/openstack-glance-bench"
    /// Of the rows that `fill` makes: another number, another database.
    private static let version = 1
    private static let sizes = (small: 10_000, large: 1_000_000)

    /// A kind of page.
    private struct Page: Sendable {
        let name: String
        let query: String
        var isAdministrator = false
    }

    private static let pages = [
        Page(name: "default page", query: ""),
        Page(name: "name=", query: "name=image+5000"),
        Page(name: "name=in:", query: "name=in:image+50,image+5000,image+9950"),
        Page(name: "name order", query: "sort=name:asc"),
        Page(name: "size order", query: "sort=size:desc"),
        Page(name: "name order from a deep marker", query: "sort=name:asc&marker=\(id(5000))"),
        Page(name: "a tag of every tenth, name order", query: "sort=name:asc&tag=t3"),
        Page(name: "a rare property", query: "serial=5000"),
        Page(name: "a rare tag", query: "tag=rare5000"),
        Page(name: "size_min, nothing found", query: "size_min=9000000000"),
        Page(name: "name order", query: "sort=name:asc", isAdministrator: true),
        Page(name: "name=", query: "name=image+5000", isAdministrator: true),
        Page(name: "a rare property", query: "serial=5000", isAdministrator: true),
        Page(name: "size_min, size order", query: "size_min=9000&sort=size:asc", isAdministrator: true),
        // A member has too few of ten thousand.
        Page(name: "page of 1,000", query: "limit=1000", isAdministrator: true),
    ]

    static func run(_ lab: Lab) async throws -> [Row] {
        try await withServer("postgresql", ["POSTGRESQL_KEPT": kept]) { server in
            let lab = Lab(database: server, keystone: lab.keystone, memcached: lab.memcached)
            let (member, project) = try await lab.keystone.authenticate("demo", project: "demo")
            let administrator = try await lab.keystone.token("admin", project: "admin")
            return try await withTemporaryDirectory { directory in
                let large = try await site("\(directory)/large", sizes.large, project, lab)
                let small = try await site("\(directory)/small", sizes.small, project, lab)
                return try await withGlance(.ours, large) { _ in
                    try await withGlance(.ours, small) { _ in
                        var rows: [Row] = []
                        for page in pages {
                            let token = page.isAdministrator ? administrator : member
                            let measurement = try await Measurement.alternate(
                                ours: { try await milliseconds(page, large, token) },
                                peer: { try await milliseconds(page, small, token) })
                            rows.append(
                                Row(
                                    workload: "\(page.isAdministrator ? "administrator" : "member"): \(page.name)",
                                    unit: "ms", peerName: "10,000", measurement: measurement, target: .atMost(2)))
                            GlanceBench.say(rows[rows.count - 1].line)
                        }
                        return rows
                    }
                }
            }
        }
    }

    /// The median of some requests, which never take longer than seconds together.
    private static func milliseconds(_ page: Page, _ site: Site, _ token: String) async throws -> Double {
        let client = ImageClient(url: site.url, token: token)
        var times: [Double] = []
        while times.count < 9, times.reduce(0, +) < 2 {
            times.append(
                try await Measurement.seconds { try await client.expect(200, "GET", "/v2/images?\(page.query)") })
        }
        return Measurement.median(times) * 1000
    }

    // MARK: - Rows

    /// A site whose database has so many images. It is made if it is not there as a whole.
    private static func site(_ directory: String, _ count: Int, _ project: String, _ lab: Lab) async throws -> Site {
        let name = "scale_\(version)_\(count)"
        let site = try lab.site(in: directory, database: name)
        let there = try await lab.sql("SELECT count(*) FROM pg_database WHERE datname = '\(name)'")
        if there.trimmingCharacters(in: .whitespacesAndNewlines) == "0" {
            GlanceBench.say("making \(count) images")
            let new = try lab.site(in: "\(directory)/new", database: "\(name)_new")
            try await lab.createDatabase("\(name)_new")
            try await new.synchronizeDatabase(.ours)
            try await fill(count, lab, "\(name)_new")
            _ = try await lab.sql("ALTER DATABASE \(name)_new RENAME TO \(name)")
        }
        // Keystone and its projects are new each time.
        _ = try await lab.sql(
            """
            UPDATE images SET owner = '\(project)' WHERE owner = (SELECT project FROM bench_project)
              AND owner <> '\(project)';
            UPDATE image_members SET member = '\(project)' WHERE member = (SELECT project FROM bench_project)
              AND member <> '\(project)';
            UPDATE bench_project SET project = '\(project)'
            """, in: name)
        try await site.synchronizeDatabase(.ours)
        for table in ["images", "image_members"] { _ = try await lab.sql("VACUUM ANALYZE \(table)", in: name) }
        return site
    }

    private static func id(_ number: Int) -> String { Queries.idPrefix + String(format: "%012d", number) }

    /// Every fiftieth image belongs to the project that lists, the others to a thousand projects; one of two hundred is public,
    /// one of twenty is shared with somebody, and fifty, however many there are, with the project that lists.
    ///
    /// Our indexes are made when the rows are there, by what synchronizes the database.
    private static func fill(_ count: Int, _ lab: Lab, _ database: String) async throws {
        let id = "'\(Queries.idPrefix)' || lpad(CAST(n AS text), 12, '0')"
        let now = "timestamp '2020-01-01' + n * interval '1 minute'"
        let all = "generate_series(1, \(count)) n"
        _ = try await lab.sql(
            """
            SET session_replication_role = replica;
            DO $$ DECLARE i text; BEGIN
              FOR i IN SELECT indexname FROM pg_indexes WHERE indexname LIKE 'glance_%_idx' LOOP
                EXECUTE 'DROP INDEX ' || i;
              END LOOP;
            END $$;
            CREATE TABLE bench_project (project text);
            INSERT INTO bench_project VALUES ('lister');
            INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format, container_format,
              checksum, owner, min_disk, min_ram, protected, virtual_size, visibility, os_hidden, os_hash_algo,
              os_hash_value)
            SELECT \(id), 'image ' || n, n, CASE WHEN n % 97 = 0 THEN 'queued' ELSE 'active' END, \(now), \(now), false,
              'qcow2', 'bare', md5(CAST(n AS text)),
              CASE WHEN n % 50 = 0 THEN 'lister' ELSE 'project-' || n % 1000 END, 1, 512, false, n,
              CAST(CASE WHEN n % 200 = 1 THEN 'public' WHEN n % 3 = 0 THEN 'private' ELSE 'shared' END
                AS image_visibility), false, 'sha512',
              repeat(md5(CAST(n AS text)), 4)
            FROM \(all);
            INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
            SELECT \(id), p.name, p.value, \(now), \(now), false FROM \(all),
              LATERAL (VALUES ('os_distro', 'debian'), ('os_version', '12'), ('hw_disk_bus', 'virtio'),
                ('architecture', 'x86_64'), ('serial', CAST(n AS text))) AS p (name, value);
            INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
            SELECT \(id), t.value, \(now), \(now), false FROM \(all),
              LATERAL (VALUES ('t' || abs(hashint4(CAST(n AS int)) % 10)), ('rare' || n)) AS t (value);
            INSERT INTO image_locations (image_id, value, created_at, updated_at, deleted, meta_data, status)
            SELECT \(id), 'file:///srv/images/' || n, \(now), \(now), false, '{"store": "local"}', 'active' FROM \(all);
            INSERT INTO image_members (image_id, member, can_share, created_at, updated_at, deleted, status)
            SELECT \(id), CASE WHEN n % \(count / 50) = 7 THEN 'lister' ELSE 'project-' || n / 20 % 1000 END, false, \(now), \(now),
              false, 'accepted'
            FROM \(all) WHERE n % 20 = 7;
            """, in: database)
        _ = try await lab.sql("VACUUM ANALYZE", in: database)
    }
}
