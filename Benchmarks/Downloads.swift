import TestSupport

/// 1 GiB from the file store, against nginx.
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
                        Server(url: "\(site.url)/v2/images/\(id)/file", token: client.token, process: glance.process),
                        Server(
                            url: "\(try nginx.setting("FILESERVER_URL"))/\(id)", token: nil,
                            process: Int32(try nginx.setting("SERVER_PID")) ?? 0))
                }
                return nginx
            }
        }
    }

    private struct Server: Sendable {
        let url: String
        let token: String?
        let process: Int32
    }

    private static func compare(_ ours: Server, _ nginx: Server) async throws -> [Row] {
        var rows: [Row] = []
        for clients in [1, 16] {
            var cpu = Measurement()
            let rate = try await Measurement.alternate(
                ours: { try await download(ours, clients: clients, cpu: &cpu.ours) },
                peer: { try await download(nginx, clients: clients, cpu: &cpu.peer) })
            // The warm-up's don't count.
            cpu.ours.removeFirst()
            cpu.peer.removeFirst()
            let name = "download 1 GiB, \(clients) client\(clients == 1 ? "" : "s")"
            rows.append(
                Row(workload: name, unit: "GiB/s", peerName: "nginx", measurement: rate, target: .atLeast(0.9)))
            rows.append(
                Row(
                    workload: "\(name): CPU per GiB", unit: "s", peerName: "nginx", measurement: cpu, target: nil))
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
