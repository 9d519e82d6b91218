import Foundation
import TestSupport

/// Small requests, against Glance 33 on the same tables; those for images also against pgbench with the same statement.
enum Queries {
    static let images = 10_000
    static let connections = 32
    static let seconds = 6

    /// One kind of request.
    private struct Query: Sendable {
        let workload: String
        /// wrk's script.
        let script: String
        /// One of its requests.
        let path: String
        /// At least so many times Glance's rate.
        let target: Double
        /// What pgbench puts into the statement of our service; nil leaves pgbench out.
        var parameter: String?
        /// At least so many times pgbench's rate.
        var limit: Double?
        /// So few at a time, and so long, that Glance answers some of them.
        var isSlow = false

        /// A request that is always the same.
        static func path(_ path: String, _ workload: String, target: Double, isSlow: Bool = false) -> Query {
            Query(
                workload: workload, script: #"request = function() return wrk.format("GET", "\#(path)") end"#,
                path: path,
                target: target, isSlow: isSlow)
        }
    }

    static func show(_ lab: Lab) async throws -> [Row] {
        let query = Query(
            workload: "show one image",
            // Any of them, by wrk's own random numbers.
            script: """
                request = function()
                  return wrk.format("GET", string.format("/v2/images/%s%012d", "\(idPrefix)", math.random(1, \(images))))
                end
                """,
            path: "/v2/images/\(idPrefix)\(String(format: "%012d", 1))", target: 40,
            parameter: "('\(idPrefix)' || lpad(CAST(:number AS text), 12, '0'))", limit: 0.6)
        return try await compare(lab, [query]) { try await fill(lab, $1, images) }
    }

    static func list(_ lab: Lab) async throws -> [Row] {
        var first = Query.path("/v2/images?limit=25", "list 25 of 10,000", target: 50)
        first.parameter = "CAST(:project AS text)"
        let page = Query.path("/v2/images?limit=1000", "list 1,000 of 10,000", target: 40, isSlow: true)
        let rows = try await compare(lab, [first, page]) { try await fill(lab, $1, images) }
        let few = [
            Query.path("/v2/images?limit=25", "list 25 of 500", target: 40),
            .path("/v2/images?tag=stable&sort=name:asc", "list by tag in name order, 500 images", target: 40),
        ]
        return try await rows + compare(lab, few) { try await fill(lab, $1, 500) }
    }

    /// A namespace as large as the largest that clouds have, besides those that come with the service.
    static func metadef(_ lab: Lab) async throws -> [Row] {
        let query = Query.path(
            "/v2/metadefs/namespaces/OS::Compute::Large", "show a namespace of \(definitions) properties", target: 20)
        return try await compare(lab, [query]) { site, _ in
            let properties = (1...definitions).map { number in
                """
                "hw_property_\(number)": {"title": "Property \(number)", "description": "What it is good for.", \
                "type": "string", "enum": ["one", "two", "three"], "default": "one"}
                """
            }
            let definition = """
                {"namespace": "OS::Compute::Large", "display_name": "Large", "description": "Very large", \
                "visibility": "public", "resource_type_associations": [{"name": "OS::Glance::Image"}], \
                "properties": {\(properties.joined(separator: ", "))}}
                """
            let file = site.directory + "/large.json"
            try definition.write(toFile: file, atomically: true, encoding: .utf8)
            for path in [file, Project.root + "/etc/metadefs"] {
                try await command(
                    Release.ours.manage,
                    ["--config-file", site.configurationFile, "db", "load_metadefs", "--path", path])
            }
        }
    }

    private static let definitions = 50

    static let idPrefix = "00000000-0000-4000-8000-"

    /// - Parameter fill: makes the rows; gets the site and the project's id.
    private static func compare(
        _ lab: Lab, _ queries: [Query], fill: @Sendable (Site, String) async throws -> Void
    ) async throws -> [Row] {
        try await lab.withSite("queries") { site in
            let (token, project) = try await lab.keystone.authenticate("demo", project: "demo")
            try await fill(site, project)
            // Both at the same time, idle when it is not their turn. Another port for the peer.
            return try await withTemporaryDirectory { directory in
                let other = try lab.site(in: directory, database: "queries")
                return try await withGlance(.ours, site) { _ in
                    try await withGlance(.glance33, other, environment: Lab.glance33) { _ in
                        var rows: [Row] = []
                        for query in queries {
                            rows += try await measure(query, site, other, token, project, lab, directory)
                        }
                        return rows
                    }
                }
            }
        }
    }

    private static func measure(
        _ query: Query, _ site: Site, _ other: Site, _ token: String, _ project: String, _ lab: Lab,
        _ directory: String
    ) async throws -> [Row] {
        let wrk = directory + "/request.lua"
        try query.script.write(toFile: wrk, atomically: true, encoding: .utf8)
        try await ImageClient(url: site.url, token: token).expect(200, "GET", query.path)
        let statement = query.parameter == nil ? nil : try await statement(lab)
        let connections = query.isSlow ? Lab.processes : connections
        let peer = try await Measurement.alternate(
            rounds: query.isSlow ? 2 : 3,
            ours: { try await load(site.url, token, wrk, connections: connections) },
            peer: {
                try await load(
                    other.url, token, wrk, connections: connections, seconds: query.isSlow ? 3 * seconds : seconds)
            })
        let row = Row(
            workload: query.workload, unit: "/s", peerName: "Glance 33", measurement: peer,
            target: .atLeast(query.target))
        guard let statement, let parameter = query.parameter else { return [row] }
        let limit = try await Measurement.alternate(
            rounds: 3,
            ours: { try await load(site.url, token, wrk) },
            peer: { try await pgbench(statement, parameter: parameter, project: project, lab, directory) })
        return [
            row,
            Row(
                workload: "\(query.workload): limit", unit: "/s", peerName: "pgbench", measurement: limit,
                target: query.limit.map { .atLeast($0) }),
        ]
    }

    /// Answers per second, from wrk's report; an answer other than 200 ends the run.
    static func load(
        _ url: String, _ token: String?, _ script: String, connections: Int = connections, seconds: Int = seconds
    ) async throws -> Double {
        let report = try await wrk(url, token, script, connections: connections, seconds: seconds)
        guard let line = report.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec:") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) }), rate > 0
        else { throw TestFailure("wrk \(url): \(report)") }
        return rate
    }

    /// wrk's report; an answer of an error ends the run.
    static func wrk(
        _ url: String, _ token: String?, _ script: String, connections: Int, seconds: Int = seconds
    ) async throws -> String {
        let report = try await command(
            "wrk",
            ["-t2", "-c\(connections)", "-d\(seconds)s", "--timeout", "30s", "--latency", "-s", script]
                + (token.map { ["-H", "X-Auth-Token: \($0)"] } ?? []) + [url])
        guard !report.contains("Non-2xx") else { throw TestFailure("wrk \(url): \(report)") }
        return report
    }

    /// The statement that our service has sent last for images, as PostgreSQL saw it.
    private static func statement(_ lab: Lab) async throws -> String {
        let seen = try await lab.sql(
            """
            SELECT query FROM pg_stat_activity
            WHERE datname = 'queries' AND query LIKE '%image_properties%' AND query LIKE '%$1%'
            ORDER BY query_start DESC LIMIT 1
            """)
        let statement = seen.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !statement.isEmpty else { throw TestFailure("PostgreSQL has seen no statement for images") }
        return statement.replacing("\n", with: " ")
    }

    /// Transactions per second of that statement. Its parameters are all the same thing: the image or the project.
    private static func pgbench(
        _ statement: String, parameter: String, project: String, _ lab: Lab, _ directory: String
    ) async throws -> Double {
        let file = directory + "/statement.sql"
        let bound = statement.replacing(/\$[0-9]+/, with: parameter)
        try "\\set number random(1, \(images))\n\(bound);\n".write(toFile: file, atomically: true, encoding: .utf8)
        let report = try await command(
            "pgbench",
            [
                "-n", "-M", "prepared", "-c", "\(connections)", "-j", "2", "-T", "\(seconds)", "-D",
                "project=\(project)", "-f", file, "queries",
            ], environment: lab.database.settings)
        guard let line = report.split(separator: "\n").first(where: { $0.hasPrefix("tps = ") }),
            let rate = line.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) })
        else { throw TestFailure("pgbench: \(report)") }
        return rate
    }

    /// Images of the project, as rows: uploading them is not what is measured.
    private static func fill(_ lab: Lab, _ project: String, _ count: Int) async throws {
        let id = "'\(idPrefix)' || lpad(CAST(n AS text), 12, '0')"
        let now = "timestamp '2026-01-01' + n * interval '1 minute'"
        _ = try await lab.sql(
            """
            INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format, container_format,
              checksum, owner, min_disk, min_ram, protected, virtual_size, visibility, os_hidden, os_hash_algo,
              os_hash_value)
            SELECT \(id), 'image ' || n, n, 'active', \(now), \(now), false, 'qcow2', 'bare', md5(CAST(n AS text)),
              '\(project)', 1, 512, false, n, 'shared', false, 'sha512', repeat(md5(CAST(n AS text)), 4)
            FROM generate_series(1, \(count)) n;
            INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
            SELECT \(id), p.name, p.value, \(now), \(now), false FROM generate_series(1, \(count)) n,
              (VALUES ('os_distro', 'debian'), ('os_version', '12'), ('hw_disk_bus', 'virtio'),
                ('hw_qemu_guest_agent', 'yes'), ('architecture', 'x86_64')) AS p (name, value);
            INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
            SELECT \(id), t.value, \(now), \(now), false FROM generate_series(1, \(count)) n,
              (VALUES ('stable'), ('tested')) AS t (value);
            INSERT INTO image_locations (image_id, value, created_at, updated_at, deleted, meta_data, status)
            SELECT \(id), 'file:///srv/images/' || n, \(now), \(now), false, '{"store": "local"}', 'active'
            FROM generate_series(1, \(count)) n;
            """, in: "queries")
        _ = try await lab.sql("VACUUM ANALYZE", in: "queries")
    }
}
