import TestSupport

/// 1 GiB by copy-image from one file store into another, against the least that has to be done with the bytes.
enum Copies {
    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("copies") { site in
            try site.append(
                """

                [DEFAULT]
                enabled_backends = local:file, second:file

                [second]
                filesystem_store_datadir = \(site.directory)/second

                """)
            return try await withGlance(.ours, site) { _ in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("admin", project: "admin"))
                let source = site.directory + "/source"
                try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(Downloads.size >> 20)"])
                let id = try await client.create(["name": "large"])
                _ = try await Uploads.put(source, id, client, chunked: false)
                let rate = try await Measurement.alternate(
                    ours: { 1 / (try await copy(id, to: "second", client)) },
                    peer: { 1 / (try await Uploads.limit(source, site)) })
                return [
                    Row(
                        workload: "copy-image 1 GiB", unit: "GiB/s", peerName: "tee", measurement: rate,
                        target: .atLeast(0.9))
                ]
            }
        }
    }

    /// Seconds from the request until the image says that it is in the other store, from which it is removed again.
    static func copy(_ id: String, to store: String, _ client: ImageClient) async throws -> Double {
        let seconds = try await Measurement.seconds {
            try await client.expect(
                202, "POST", "/v2/images/\(id)/import",
                json: ["method": ["name": "copy-image"], "stores": [.string(store)]])
            while true {
                let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                if image["stores"].string?.split(separator: ",").contains(Substring(store)) == true { break }
                if let failed = image["os_glance_failed_import"].string, !failed.isEmpty {
                    throw TestFailure("copy-image failed")
                }
                try await Task.sleep(for: .milliseconds(5))
            }
        }
        try await client.expect(204, "DELETE", "/v2/stores/\(store)/\(id)")
        return seconds
    }
}
