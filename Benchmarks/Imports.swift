import Foundation
import TestSupport

/// 1 GiB by web-download from nginx, against the least that has to be done with the bytes, and against Glance 33.
enum Imports {
    static func run(_ lab: Lab) async throws -> [Row] {
        try await withTemporaryDirectory { directory in
            try await command(
                "dd", ["if=/dev/urandom", "of=\(directory)/source", "bs=1M", "count=\(Downloads.size >> 20)"])
            let settings = ["FILESERVER_ROOT": directory, "FILESERVER_WORKERS": "\(Lab.processes)"]
            return try await withServer("fileserver", settings) { nginx in
                let url = try nginx.setting("FILESERVER_URL") + "/source"
                return try await withImporter(.ours, lab, url) { ours in
                    [
                        try await row("curl and tee", 0.9, ours, url, directory),
                        try await withImporter(.glance33, lab, url) { glance in
                            Row(
                                workload: "web-download 1 GiB", unit: "GiB/s", peerName: "Glance 33",
                                measurement: try await Measurement.alternate(
                                    ours: ours.download, peer: glance.download),
                                target: .atLeast(2))
                        },
                    ]
                }
            }
        }
    }

    private static func row(
        _ name: String, _ bound: Double, _ ours: Importer, _ url: String, _ directory: String
    ) async throws -> Row {
        Row(
            workload: "web-download 1 GiB", unit: "GiB/s", peerName: name,
            measurement: try await Measurement.alternate(
                ours: ours.download, peer: { 1 / (try await limit(url, directory)) }),
            target: .atLeast(bound))
    }

    /// A service that may import from the server.
    private struct Importer: Sendable {
        let client: ImageClient
        let source: String

        /// GiB per second, from the request until the image is active.
        func download() async throws -> Double {
            let id = try await client.create(["name": "large"])
            let seconds = try await Measurement.seconds {
                try await client.expect(
                    202, "POST", "/v2/images/\(id)/import",
                    json: ["method": ["name": "web-download", "uri": .string(source)]])
                while true {
                    let status = try await client.expect(200, "GET", "/v2/images/\(id)").json["status"].string ?? ""
                    if status == "active" { break }
                    // Glance leaves the image queued until a thread has begun.
                    if status == "queued" { _ = try await hasSucceeded(id) }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            // Glance fails a deletion between the image's end and the task's.
            while try await !hasSucceeded(id) { try await Task.sleep(for: .milliseconds(50)) }
            try await client.expect(204, "DELETE", "/v2/images/\(id)")
            return 1 / seconds
        }

        private func hasSucceeded(_ id: String) async throws -> Bool {
            let tasks = try await client.expect(200, "GET", "/v2/images/\(id)/tasks").json["tasks"].array
            if let failed = tasks.first(where: { $0["status"].string == "failure" }) {
                throw TestFailure("web-download: \(failed["message"].string ?? "")")
            }
            return tasks.allSatisfy { $0["status"].string == "success" }
        }
    }

    private static func withImporter<Result: Sendable>(
        _ release: Release, _ lab: Lab, _ url: String, _ body: (Importer) async throws -> Result
    ) async throws -> Result {
        try await lab.withSite("import\(release.name.filter(\.isLetter).lowercased())") { site in
            let port = url.split(separator: ":")[2].prefix { $0 != "/" }
            let lines = """

                [import_filtering_opts]
                allowed_hosts = [127.0.0.1]
                allowed_ports = [\(port)]

                """
            let file = try FileHandle(forWritingTo: URL(filePath: site.configurationFile))
            try file.seekToEnd()
            try file.write(contentsOf: Data(lines.utf8))
            try file.close()
            return try await withGlance(release, site, environment: Lab.glance33) { _ in
                let token = try await lab.keystone.token("demo", project: "demo")
                return try await body(Importer(client: ImageClient(url: site.url, token: token), source: url))
            }
        }
    }

    /// Seconds of the same download through tee into both digests and a synced file.
    private static func limit(_ url: String, _ directory: String) async throws -> Double {
        let script = """
            cd "$1" && rm -f md5 sha512 && mkfifo md5 sha512 || exit 1
            openssl md5 <md5 >/dev/null & openssl sha512 <sha512 >/dev/null &
            curl -sSf "$2" | tee md5 sha512 >copy && sync copy && wait
            """
        let seconds = try await Measurement.seconds {
            try await command("bash", ["-c", script, "limit", directory, url])
        }
        try await command("rm", ["\(directory)/copy"])
        return seconds
    }
}
