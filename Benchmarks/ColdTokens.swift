import Foundation
import TestSupport

/// Requests with a token that nobody has seen before, all at once: how often Keystone is asked.
enum ColdTokens {
    private static let requests = 64

    static func run(_ lab: Lab) async throws -> [Row] {
        try await withTemporaryDirectory { directory in
            let log = directory + "/keystone.access"
            return try await withServer("keystone", ["KEYSTONE_ACCESS_LOG": log]) { server in
                let keystone = try Keystone(server)
                let lab = Lab(database: lab.database, keystone: keystone, memcached: lab.memcached)
                return try await lab.withSite("tokens") { site in
                    try await withTemporaryDirectory { directory in
                        let other = try lab.site(in: directory, database: "tokens")
                        return try await withGlance(.ours, site) { _ in
                            try await withGlance(.glance33, other, environment: Lab.glance33) { _ in
                                try await measure(site, other, keystone, log)
                            }
                        }
                    }
                }
            }
        }
    }

    private static func measure(_ site: Site, _ other: Site, _ keystone: Keystone, _ log: String) async throws -> [Row]
    {
        func validations() throws -> Int {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n")
                .count { $0.contains("GET /v3/auth/tokens") }
        }
        var (calls, least) = (Measurement(), Measurement())
        let time = try await Measurement.alternate(
            rounds: 3,
            ours: {
                let before = try validations()
                let seconds = try await burst(site, keystone)
                calls.ours.append(Double(try validations() - before))
                least.ours.append(Double(try validations() - before))
                least.peer.append(Double(Lab.processes))
                return seconds * 1000
            },
            peer: {
                let before = try validations()
                let seconds = try await burst(other, keystone)
                calls.peer.append(Double(try validations() - before))
                return seconds * 1000
            })
        // The warm-up's.
        calls.ours.removeFirst()
        calls.peer.removeFirst()
        least.ours.removeFirst()
        least.peer.removeFirst()
        let workload = "\(requests) requests with one new token"
        return [
            Row(
                workload: "\(workload): calls to Keystone", unit: "calls", peerName: "one of each worker",
                measurement: least, target: .atMost(1)),
            Row(
                workload: "\(workload): calls to Keystone", unit: "calls", peerName: "Glance 33", measurement: calls,
                target: nil),
            Row(workload: workload, unit: "ms", peerName: "Glance 33", measurement: time, target: nil),
        ]
    }

    /// Seconds until all are answered.
    private static func burst(_ site: Site, _ keystone: Keystone) async throws -> Double {
        let client = ImageClient(url: site.url, token: try await keystone.token("demo", project: "demo"))
        let seconds = try await Measurement.seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<requests {
                    group.addTask { try await client.expect(200, "GET", "/v2/images?limit=1") }
                }
                try await group.waitForAll()
            }
        }
        // Keystone writes its line when it has answered.
        try await Task.sleep(for: .milliseconds(300))
        return seconds
    }
}
