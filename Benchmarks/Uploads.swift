import TestSupport

/// 1 GiB into the file store, against the least that has to be done with the bytes, and against the slowest part of that.
enum Uploads {
    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("upload") { site in
            try await withGlance(.ours, site) { glance in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("demo", project: "demo"))
                let source = site.directory + "/source"
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(Downloads.size >> 20)"])
                var rows: [Row] = []
                for chunked in [false, true] {
                    let (workload, unit) = ("upload 1 GiB, \(chunked ? "chunked" : "by length")", "GiB/s")
                    let rates = try await Measurement.turns(
                        Measurement.rounds,
                        ours: {
                            let id = try await client.create(["name": "large"])
                            let seconds = try await put(source, id, client, chunked: chunked)
                            try await client.expect(204, "DELETE", "/v2/images/\(id)")
                            return 1 / seconds
                        },
                        peers: [
                            Measurement.Peer(rounds: Measurement.rounds) { 1 / (try await limit(source, site)) },
                            Measurement.Peer(rounds: Measurement.rounds) { 1 / (try await slowest(source, site)) },
                        ])
                    rows += zip(["tee", "the slowest part"], zip(rates, [0.75, 0.95])).map { peer, measured in
                        Row(
                            workload: workload, unit: unit, peerName: peer, measurement: measured.0,
                            target: .atLeast(measured.1))
                    }
                }
                rows.append(try await inspection(source, client, ProcessTree(root: glance.process)))
                return rows
            }
        } + [intoMemory(lab)]
    }

    /// Many uploads at the same time where no disk is in the way, against all cores taking the digests.
    private static func intoMemory(_ lab: Lab) async throws -> Row {
        let clients = 16
        return try await lab.withSite("upload_memory", inMemory: true) { site in
            try await withGlance(.ours, site) { _ in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("demo", project: "demo"))
                let source = site.directory + "/source"
                let megabytes = (Downloads.size >> 20) / clients
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(megabytes)"])
                let bytes = Double(clients * megabytes) / 1024
                let digests = "for i in 1 2 3 4; do for d in md5 sha512; do echo $d $1 $1 $1 $1; done; done"
                let measurement = try await Measurement.alternate(
                    ours: {
                        var ids: [String] = []
                        for _ in 0..<clients { ids.append(try await client.create(["name": "one of many"])) }
                        let seconds = try await Measurement.together(ids) {
                            _ = try await put(source, $0, client, chunked: false)
                        }
                        for id in ids { try await client.expect(204, "DELETE", "/v2/images/\(id)") }
                        return bytes / seconds
                    },
                    peer: {
                        let script = "(\(digests)) | xargs -P \"$(nproc)\" -L 1 openssl"
                        return bytes
                            / (try await Measurement.seconds {
                                try await command("bash", ["-c", script, "digests", source])
                            })
                    })
                return Row(
                    workload: "\(clients) uploads of \(megabytes) MiB into memory", unit: "GiB/s",
                    peerName: "all cores hashing",
                    measurement: measurement, target: .atLeast(0.9))
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

    /// Seconds that an upload takes, into the default store if no other is named.
    static func put(
        _ file: String, _ id: String, _ client: ImageClient, chunked: Bool, store: String? = nil
    ) async throws -> Double {
        try await Measurement.seconds {
            var arguments = [
                "-sS", "-T", file, "-H", "Content-Type: application/octet-stream", "-w", "%{http_code}",
                "\(client.url)/v2/images/\(id)/file",
            ]
            if let token = client.token { arguments += ["-H", "X-Auth-Token: \(token)"] }
            if let store { arguments += ["-H", "X-Image-Meta-Store: \(store)"] }
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

    /// Seconds of the slowest of what an upload consists of, each by itself: either digest, and the synced file.
    private static func slowest(_ source: String, _ site: Site) async throws -> Double {
        var slowest = 0.0
        for arguments in [
            ["openssl", "md5", source], ["openssl", "sha512", source],
            ["dd", "if=\(source)", "of=\(site.directory)/copy", "bs=1M", "conv=fsync"],
        ] {
            let seconds = try await Measurement.seconds {
                try await command(arguments[0], Array(arguments.dropFirst()))
            }
            slowest = max(slowest, seconds)
        }
        try await command("rm", ["\(site.directory)/copy"])
        return slowest
    }
}
