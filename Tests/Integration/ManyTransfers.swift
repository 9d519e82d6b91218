import TestSupport
import Testing

/// Uploads and downloads at the same time. Each is a process of its own, so that the client's memory and scheduling stay out of
/// the picture.
struct ManyTransfers {
    /// Of either kind.
    var count = 64
    /// Bytes of each.
    let size: Int

    /// Runs them all.
    ///
    /// - Parameter chunked: every other upload does not say how long it is.
    /// - Returns: The highest sum of all processes' proportional set sizes meanwhile.
    func peak(_ site: Site, _ glance: RunningGlance, chunked: Bool) async throws -> Int {
        let client = glance.client
        let source = site.directory + "/source"
        try await command("dd", ["if=/dev/urandom", "of=\(source)", "bs=1M", "count=\(size >> 20)"])
        let original = try await client.create()
        try await upload(source, to: original, site)
        let hash = try await client.expect(200, "GET", "/v2/images/\(original)").json["os_hash_value"]

        let peak = try await sampling(glance) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<count {
                    let id = try await client.create()
                    group.addTask {
                        try await upload(source, to: id, site, chunked: chunked && !number.isMultiple(of: 2))
                        let image = try await client.expect(200, "GET", "/v2/images/\(id)").json
                        #expect(image["os_hash_value"] == hash)
                        try await client.expect(204, "DELETE", "/v2/images/\(id)")
                    }
                    group.addTask { try await download(original, site) }
                }
                try await group.waitForAll()
            }
        }
        print("\(count) + \(count) transfers, peak of the proportional set sizes: \(peak >> 20) MiB")
        return peak
    }

    private func sampling(_ glance: RunningGlance, _ body: () async throws -> Void) async throws -> Int {
        let sampler = Task.detached {
            var peak = 0
            while !Task.isCancelled {
                peak = max(peak, glance.processes.proportionalSetSize)
                try? await Task.sleep(for: .milliseconds(100))
            }
            return peak
        }
        defer { sampler.cancel() }
        try await body()
        sampler.cancel()
        return await sampler.value
    }

    private func upload(_ file: String, to id: String, _ site: Site, chunked: Bool = false) async throws {
        let status = try await command(
            "curl",
            [
                "-sS", "-T", file, "-H", "Content-Type: application/octet-stream", "-w", "%{http_code}",
                "\(site.url)/v2/images/\(id)/file",
            ] + (chunked ? ["-H", "Transfer-Encoding: chunked"] : []))
        #expect(status.suffix(3) == "204", "\(status)")
    }

    private func download(_ id: String, _ site: Site) async throws {
        let got = try await command(
            "curl",
            [
                "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", "\(site.url)/v2/images/\(id)/file",
            ])
        #expect(got == "200 \(size)")
    }
}
