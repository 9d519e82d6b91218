import Foundation
import TestSupport

/// Many clients that hardly do anything: what others notice of them, and what they cost.
enum Crowds {
    private static let idle = 10_000
    private static let uploads = 1000
    /// Bytes of memory that one of them may take.
    private static let limit = 64.0 * 1024

    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("crowds") { site in
            try await withGlance(.ours, site) { glance in
                let client = ImageClient(url: site.url, token: try await lab.keystone.token("demo", project: "demo"))
                let image = try await client.create(["name": "shown"])
                let script = site.directory + "/show.lua"
                try #"request = function() return wrk.format("GET", "/v2/images/\#(image)") end"#.write(
                    toFile: script, atomically: true, encoding: .utf8)
                @Sendable func latency() async throws -> Double {
                    let report = try await Queries.wrk(site.url, client.token, script, connections: 8, seconds: 4)
                    return try ninetyNinth(report)
                }
                _ = try await latency()

                let request = "GET /healthcheck HTTP/1.1\r\nHost: localhost\r\n\r\n"
                let requests = [String](repeating: request, count: idle)
                let waiting = try await compare("\(idle) idle connections", of: idle, glance, latency) { body in
                    let sockets = try Sockets(port: site.port, requests: requests, awaitAnswer: true)
                    try await body()
                    withExtendedLifetime(sockets) {}
                }
                let trickling = try await compare("\(uploads) slow uploads", of: uploads, glance, latency) { body in
                    try await trickle(site, client, body)
                }
                return waiting + trickling
            }
        }
    }

    /// Uploads of a byte each second, until `body` ends.
    private static func trickle(_ site: Site, _ client: ImageClient, _ body: () async throws -> Void) async throws {
        var ids: [String] = []
        for _ in 0..<uploads { ids.append(try await client.create(["name": "slow"])) }
        let requests = ids.map {
            """
            PUT /v2/images/\($0)/file HTTP/1.1\r
            Host: localhost\r
            X-Auth-Token: \(client.token ?? "")\r
            Content-Type: application/octet-stream\r
            Transfer-Encoding: chunked\r
            \r
            1\r
            x\r

            """
        }
        do {
            let sockets = try Sockets(port: site.port, requests: requests, awaitAnswer: false)
            let slow = Task {
                while !Task.isCancelled {
                    try sockets.send("1\r\nx\r\n")
                    try? await Task.sleep(for: .seconds(1))
                }
            }
            defer { slow.cancel() }
            while try await client.list("status=saving").count < uploads {
                try await Task.sleep(for: .milliseconds(100))
            }
            try await body()
            slow.cancel()
            try await slow.value
        }
        // Who is gone leaves his image queued.
        for id in ids { try await client.expect(204, "DELETE", "/v2/images/\(id)") }
    }

    /// The 99th percentile of how long others wait, with the crowd and without, in turns; and the memory of each of the crowd.
    private static func compare(
        _ crowd: String, of count: Int, _ glance: RunningGlance, _ latency: @escaping () async throws -> Double,
        _ gather: (_ body: () async throws -> Void) async throws -> Void
    ) async throws -> [Row] {
        var (time, memory) = (Measurement(), Measurement())
        // Memory that a crowd has left is there for the next.
        let before = glance.processes.proportionalSetSize
        for _ in 0..<3 {
            time.peer.append(try await latency())
            try await gather {
                memory.ours.append(Double(glance.processes.proportionalSetSize - before) / Double(count) / 1024)
                memory.peer.append(limit / 1024)
                time.ours.append(try await latency())
            }
        }
        return [
            Row(
                workload: "99th percentile, \(crowd)", unit: "ms", peerName: "without", measurement: time,
                target: .atMost(1.5)),
            Row(
                workload: "memory, \(crowd)", unit: "KiB each", peerName: "limit", measurement: memory,
                target: .atMost(1)),
        ]
    }

    /// Milliseconds, from wrk's report: `99%  1.23ms`.
    private static func ninetyNinth(_ report: String) throws -> Double {
        let words = report.split(whereSeparator: \.isWhitespace)
        guard let index = words.firstIndex(of: "99%"), index + 1 < words.count else { throw TestFailure(report) }
        let word = words[index + 1]
        for (unit, factor) in [("us", 0.001), ("ms", 1), ("s", 1000)] where word.hasSuffix(unit) {
            if let value = Double(word.dropLast(unit.count)) { return value * factor }
        }
        throw TestFailure(report)
    }
}
