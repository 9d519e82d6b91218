import Foundation
import TestSupport

/// Small requests, against Glance 33 on the same tables; those for images at 10,000 of them, and also against pgbench with
/// the same statement.
enum Queries {
    static let images = 10_000
    static let connections = 32
    static let seconds = 6

    static func show(_ lab: Lab) async throws -> [Row] {
        try await compare(
            lab, workload: "show one image",
            // Any of them, by wrk's own random numbers.
            script: """
                request = function()
                  return wrk.format("GET", string.format("/v2/images/%s%012d", "\(idPrefix)", math.random(1, \(images))))
                end
                """,
            path: "/v2/images/\(idPrefix)\(String(format: "%012d", 1))",
            parameter: "('\(idPrefix)' || lpad(CAST(:number AS text), 12, '0'))"
        ) { try await fill(lab, $1) }
    }

    static func list(_ lab: Lab) async throws -> [Row] {
        let path = "/v2/images?limit=25"
        return try await compare(
            lab, workload: "list 25 of 10,000",
            script: #"request = function() return wrk.format("GET", "\#(path)") end"#,
            path: path, parameter: "CAST(:project AS text)"
        ) { try await fill(lab, $1) }
    }

    /// A namespace as large as the largest that clouds have, besides those that come with the service.
    static func metadef(_ lab: Lab) async throws -> [Row] {
        let path = "/v2/metadefs/namespaces/OS::Compute::Large"
        return try await compare(
            lab, workload: "show a namespace of \(definitions) properties",
            script: #"request = function() return wrk.format("GET", "\#(path)") end"#,
            path: path, parameter: nil
        ) { site, _ in
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

    private static let idPrefix = "00000000-0000-4000-8000-"

    /// - Parameters:
    ///   - parameter: what pgbench puts into the statement of our service; nil leaves pgbench out.
    ///   - fill: makes the rows; gets the site and the project's id.
    private static func compare(
        _ lab: Lab, workload: String, script: String, path: String, parameter: String?,
        fill: @Sendable (Site, String) async throws -> Void
    ) async throws -> [Row] {
        try await lab.withSite("queries") { site in
            let (token, project) = try await lab.keystone.authenticate("demo", project: "demo")
            let client = ImageClient(url: site.url, token: token)
            try await fill(site, project)
            // Both at the same time, idle when it is not their turn. Another port for the peer.
            return try await withTemporaryDirectory { directory in
                let other = try lab.site(in: directory, database: "queries")
                return try await withGlance(.ours, site) { ours in
                    try await withGlance(.glance33, other, environment: Lab.glance33) { _ in
                        let wrk = directory + "/request.lua"
                        try script.write(toFile: wrk, atomically: true, encoding: .utf8)
                        try await client.expect(200, "GET", path)
                        let statement = parameter == nil ? nil : try await statement(lab)
                        let peer = try await Measurement.alternate(
                            rounds: 3,
                            ours: { try await load(site.url, token, wrk) },
                            peer: { try await load(other.url, token, wrk) })
                        let row = Row(
                            workload: workload, unit: "/s", peerName: "Glance 33", measurement: peer,
                            target: .atLeast(20))
                        guard let statement, let parameter else { return [row] }
                        let limit = try await Measurement.alternate(
                            rounds: 3,
                            ours: { try await load(site.url, token, wrk) },
                            peer: {
                                try await pgbench(statement, parameter: parameter, project: project, lab, directory)
                            })
                        return [
                            row,
                            Row(
                                workload: "\(workload): limit", unit: "/s", peerName: "pgbench", measurement: limit,
                                target: nil),
                        ]
                    }
                }
            }
        }
    }

    /// Answers per second, from wrk's report; an answer other than 200 ends the run.
    static func load(_ url: String, _ token: String, _ script: String) async throws -> Double {
        let report = try await command(
            "wrk",
            [
                "-t2", "-c\(connections)", "-d\(seconds)s", "--timeout", "30s", "-H", "X-Auth-Token: \(token)", "-s",
                script, url,
            ])
        guard !report.contains("Non-2xx"),
            let line = report.split(separator: "\n").first(where: { $0.hasPrefix("Requests/sec:") }),
            let rate = line.split(separator: " ").last.flatMap({ Double($0) })
        else { throw TestFailure("wrk \(url): \(report)") }
        return rate
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

    /// 10,000 images of the project, as rows: uploading them is not what is measured.
    private static func fill(_ lab: Lab, _ project: String) async throws {
        let id = "'\(idPrefix)' || lpad(CAST(n AS text), 12, '0')"
        let now = "timestamp '2026-01-01' + n * interval '1 minute'"
        _ = try await lab.sql(
            """
            INSERT INTO images (id, name, size, status, created_at, updated_at, deleted, disk_format, container_format,
              checksum, owner, min_disk, min_ram, protected, virtual_size, visibility, os_hidden, os_hash_algo,
              os_hash_value)
            SELECT \(id), 'image ' || n, n, 'active', \(now), \(now), false, 'qcow2', 'bare', md5(CAST(n AS text)),
              '\(project)', 1, 512, false, n, 'shared', false, 'sha512', repeat(md5(CAST(n AS text)), 4)
            FROM generate_series(1, \(images)) n;
            INSERT INTO image_properties (image_id, name, value, created_at, updated_at, deleted)
            SELECT \(id), p.name, p.value, \(now), \(now), false FROM generate_series(1, \(images)) n,
              (VALUES ('os_distro', 'debian'), ('os_version', '12'), ('hw_disk_bus', 'virtio'),
                ('hw_qemu_guest_agent', 'yes'), ('architecture', 'x86_64')) AS p (name, value);
            INSERT INTO image_tags (image_id, value, created_at, updated_at, deleted)
            SELECT \(id), t.value, \(now), \(now), false FROM generate_series(1, \(images)) n,
              (VALUES ('stable'), ('tested')) AS t (value);
            INSERT INTO image_locations (image_id, value, created_at, updated_at, deleted, meta_data, status)
            SELECT \(id), 'file:///srv/images/' || n, \(now), \(now), false, '{"store": "local"}', 'active'
            FROM generate_series(1, \(images)) n;
            """, in: "queries")
        _ = try await lab.sql("VACUUM ANALYZE", in: "queries")
    }
}
