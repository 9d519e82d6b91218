import TestSupport

/// 1 GiB into the file store, against the least that has to be done with the bytes.
enum Uploads {
    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("upload") { site in
            try await withGlance(.ours, site) { glance in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("demo", project: "demo"))
                let source = site.directory + "/source"
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(Downloads.size >> 20)"])
                var rows: [Row] = []
                for chunked in [false, true] {
                    let rate = try await Measurement.alternate(
                        ours: {
                            let id = try await client.create(["name": "large"])
                            let seconds = try await put(source, id, client, chunked: chunked)
                            try await client.expect(204, "DELETE", "/v2/images/\(id)")
                            return 1 / seconds
                        },
                        peer: { 1 / (try await limit(source, site)) })
                    rows.append(
                        Row(
                            workload: "upload 1 GiB, \(chunked ? "chunked" : "by length")", unit: "GiB/s",
                            peerName: "tee", measurement: rate, target: .atLeast(0.75)))
                }
                rows.append(try await inspection(source, client, ProcessTree(root: glance.process)))
                return rows
            }
        }
    }

    /// The same data with and without inspection: what is in a container is not looked at. Compared by processor time, as
    /// one upload differs more from the next than inspection costs.
    private static func inspection(_ source: String, _ client: ImageClient, _ server: ProcessTree) async throws -> Row {
        func seconds(_ container: String) async throws -> Double {
            let id = try await client.create(["name": "large", "container_format": .string(container)])
            let before = server.cpuSeconds
            _ = try await put(source, id, client, chunked: false)
            let seconds = server.cpuSeconds - before
            try await client.expect(204, "DELETE", "/v2/images/\(id)")
            return seconds
        }
        let measurement = try await Measurement.alternate(
            rounds: 9, ours: { try await seconds("bare") }, peer: { try await seconds("ovf") })
        return Row(
            workload: "upload 1 GiB, inspected: CPU per GiB", unit: "s", peerName: "not inspected",
            measurement: measurement, target: .atMost(1.03))
    }

    /// Seconds that an upload takes.
    static func put(_ file: String, _ id: String, _ client: ImageClient, chunked: Bool) async throws -> Double {
        try await Measurement.seconds {
            var arguments = [
                "-sS", "-T", file, "-H", "Content-Type: application/octet-stream", "-w", "%{http_code}",
                "\(client.url)/v2/images/\(id)/file",
            ]
            if let token = client.token { arguments += ["-H", "X-Auth-Token: \(token)"] }
            if chunked { arguments += ["-H", "Transfer-Encoding: chunked"] }
            let status = try await command("curl", arguments)
            guard status == "204" else { throw TestFailure("upload: \(status)") }
        }
    }

    /// Seconds of the same bytes through tee into both digests and a synced file.
    static func limit(_ source: String, _ site: Site) async throws -> Double {
        let script = """
            cd "$1" && rm -f md5 sha512 && mkfifo md5 sha512 || exit 1
            openssl md5 <md5 >/dev/null & openssl sha512 <sha512 >/dev/null &
            tee md5 sha512 <"$2" >copy && sync copy && wait
            """
        let seconds = try await Measurement.seconds {
            try await command("bash", ["-c", script, "limit", site.directory, source])
        }
        try await command("rm", ["\(site.directory)/copy"])
        return seconds
    }
}
