import Foundation
import TestSupport

/// 1 GiB from the file store, against nginx; and from the cache of another node, against the file store.
enum Downloads {
    /// Bytes. BENCH_MEBIBYTES makes less of it, to see whether all works.
    static let size = (Int(ProcessInfo.processInfo.environment["BENCH_MEBIBYTES"] ?? "") ?? 1024) << 20

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
                    let ours = Server(
                        url: "\(site.url)/v2/images/\(id)/file", token: client.token, process: glance.process)
                    let peer = Server(
                        url: "\(try nginx.setting("FILESERVER_URL"))/\(id)", token: nil,
                        process: Int32(try nginx.setting("SERVER_PID")) ?? 0)
                    return try await compare("download", ours, peer, "nginx", atLeast: 1, cpuAtMost: 1.1)
                        + [ranges(site, ours, peer)]
                }
                return try await nginx + hits(lab, site, id, client, glance)
            }
        }
    }

    /// 1 MiB from anywhere, again and again.
    private static func ranges(_ site: Site, _ ours: Server, _ peer: Server) async throws -> Row {
        let script = site.directory + "/ranges.lua"
        try """
        request = function()
          local first = math.random(0, \(size - (1 << 20)))
          wrk.headers["Range"] = string.format("bytes=%d-%d", first, first + \((1 << 20) - 1))
          return wrk.format("GET")
        end
        """.write(toFile: script, atomically: true, encoding: .utf8)
        let clients = 64
        // As many per second as MiB.
        let measurement = try await Measurement.alternate(
            ours: { try await Queries.load(ours.url, ours.token, script, connections: clients) / 1024 },
            peer: { try await Queries.load(peer.url, peer.token, script, connections: clients) / 1024 })
        return Row(
            workload: "random ranges of 1 MiB, \(clients) clients", unit: "GiB/s", peerName: "nginx",
            measurement: measurement, target: .atLeast(0.9))
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
        _ workload: String, _ ours: Server, _ peer: Server, _ peerName: String, atLeast target: Double,
        cpuAtMost cpuTarget: Double? = nil
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
                    workload: "\(name): CPU per GiB", unit: "s", peerName: peerName, measurement: cpu,
                    target: clients == 1 ? cpuTarget.map { .atMost($0) } : nil))
        }
        if let cpuTarget {
            rows.append(try await onOneProcessor(workload, ours, peer, peerName, cpuAtMost: cpuTarget))
        }
        return rows
    }

    /// The CPU of a download whose server and client share a processor: what the kernel does for a connection is then done by
    /// the same side of it each time.
    private static func onOneProcessor(
        _ workload: String, _ ours: Server, _ peer: Server, _ peerName: String, cpuAtMost target: Double
    ) async throws -> Row {
        // Several at a time, because the kernel counts in hundredths of a second.
        func turn(_ server: Server) async throws -> Double {
            var cpu: [Double] = []
            for _ in 0..<4 {
                _ = try await download(server, clients: 1, with: ["taskset", "-c", "0"], cpu: &cpu)
            }
            return cpu.reduce(0, +) / Double(cpu.count)
        }
        for server in [ours, peer] { try await allow("0", server) }
        let cpu = try await Measurement.alternate(ours: { try await turn(ours) }, peer: { try await turn(peer) })
        let last = ProcessInfo.processInfo.processorCount - 1
        for server in [ours, peer] { try await allow("0-\(last)", server) }
        return Row(
            workload: "\(workload) 1 GiB, 1 client on the same processor: CPU per GiB", unit: "s", peerName: peerName,
            measurement: cpu, target: .atMost(target))
    }

    /// Lets all threads of a server run on these processors only.
    private static func allow(_ processors: String, _ server: Server) async throws {
        for process in ProcessTree(root: server.process).all {
            try await command("taskset", ["-a", "-c", "-p", processors, "\(process)"])
        }
    }

    /// GiB per second of all clients together; adds the server's CPU seconds per GiB to `cpu`.
    ///
    /// - Parameter prefix: a command that runs the client.
    private static func download(
        _ server: Server, clients: Int, with prefix: [String] = [], cpu: inout [Double]
    ) async throws -> Double {
        let processes = ProcessTree(root: server.process)
        let before = processes.cpuSeconds
        let seconds = try await Measurement.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<clients {
                    group.addTask {
                        var client = prefix + ["curl"]
                        client += ["-sS", "-f", "-o", "/dev/null", "-w", "%{size_download}", server.url]
                        if let token = server.token { client += ["-H", "X-Auth-Token: \(token)"] }
                        let got = try await command(client[0], Array(client.dropFirst()))
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
