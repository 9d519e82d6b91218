import Foundation
import TestSupport

/// 1 GiB from the file store, against nginx; and from the cache of another node, against the file store.
enum Downloads {
    static let size = 1 << 30

    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("download") { site in
            try await withGlance(.ours, site) { glance in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("demo", project: "demo"))
                let id = try await client.create(["name": "large"])
                let source = site.directory + "/source"
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(size >> 20)"])
                _ = try await Uploads.put(source, id, client, chunked: false)
                let settings = ["FILESERVER_ROOT": site.images, "FILESERVER_WORKERS": "\(Lab.processes)"]
                let nginx = try await withServer("fileserver", settings) { nginx in
                    try await compare(
                        "download",
                        Server(url: "\(site.url)/v2/images/\(id)/file", token: client.token, process: glance.process),
                        Server(
                            url: "\(try nginx.setting("FILESERVER_URL"))/\(id)", token: nil,
                            process: Int32(try nginx.setting("SERVER_PID")) ?? 0),
                        "nginx", atLeast: 0.9)
                }
                return try await nginx + hits(lab, site, id, client, glance)
            }
        }
    }

    private static func hits(
        _ lab: Lab, _ plain: Site, _ id: String, _ client: ImageClient, _ glance: RunningGlance
    ) async throws -> [Row] {
        try await withTemporaryDirectory { directory in
            let cache = directory + "/cache"
            let site = try lab.site(
                in: directory, database: "download", images: plain.images,
                settings: ["image_cache_dir": cache, "image_cache_driver": "sqlite"])
            let text = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
            try text.replacing("flavor = keystone", with: "flavor = keystone+caching").write(
                toFile: site.configurationFile, atomically: true, encoding: .utf8)
            return try await withGlance(.ours, site) { caching in
                func server(_ url: String, _ process: Int32) -> Server {
                    Server(url: "\(url)/v2/images/\(id)/file", token: client.token, process: process)
                }
                let ours = server(site.url, caching.process)
                var cpu: [Double] = []
                _ = try await download(ours, clients: 1, cpu: &cpu)
                while !FileManager.default.fileExists(atPath: "\(cache)/\(id)") {
                    try await Task.sleep(for: .milliseconds(100))
                }
                // Where the pages of two files happen to lie in memory makes more of a difference than what sends them.
                try await command("ln", ["-f", "\(plain.images)/\(id)", "\(cache)/\(id)"])
                return try await compare(
                    "cache hit", ours, server(plain.url, glance.process), "file store", atLeast: 0.95)
            }
        }
    }

    private struct Server: Sendable {
        let url: String
        let token: String?
        let process: Int32
    }

    private static func compare(
        _ workload: String, _ ours: Server, _ peer: Server, _ peerName: String, atLeast target: Double
    ) async throws -> [Row] {
        var rows: [Row] = []
        for clients in [1, 16] {
            var cpu = Measurement()
            let rate = try await Measurement.alternate(
                rounds: 9,
                ours: { try await download(ours, clients: clients, cpu: &cpu.ours) },
                peer: { try await download(peer, clients: clients, cpu: &cpu.peer) })
            // The warm-up's don't count.
            cpu.ours.removeFirst()
            cpu.peer.removeFirst()
            let name = "\(workload) 1 GiB, \(clients) client\(clients == 1 ? "" : "s")"
            rows.append(
                Row(workload: name, unit: "GiB/s", peerName: peerName, measurement: rate, target: .atLeast(target)))
            rows.append(
                Row(
                    workload: "\(name): CPU per GiB", unit: "s", peerName: peerName, measurement: cpu, target: nil))
        }
        return rows
    }

    /// GiB per second of all clients together; adds the server's CPU seconds per GiB to `cpu`.
    private static func download(_ server: Server, clients: Int, cpu: inout [Double]) async throws -> Double {
        let processes = ProcessTree(root: server.process)
        let before = processes.cpuSeconds
        let seconds = try await Measurement.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<clients {
                    group.addTask {
                        var arguments = ["-sS", "-f", "-o", "/dev/null", "-w", "%{size_download}", server.url]
                        if let token = server.token { arguments += ["-H", "X-Auth-Token: \(token)"] }
                        let got = try await command("curl", arguments)
                        guard got == "\(size)" else { throw TestFailure("\(got) bytes instead of \(size)") }
                    }
                }
                try await group.waitForAll()
            }
        }
        cpu.append((processes.cpuSeconds - before) / Double(clients))
        return Double(clients) / seconds
    }
}
