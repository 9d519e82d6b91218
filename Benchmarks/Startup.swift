import Foundation
import Glibc
import TestSupport

/// How long a start takes and what an idle service holds, against Glance 33.
enum Startup {
    static func run(_ lab: Lab) async throws -> [Row] {
        try await lab.withSite("startup") { site in
            let token = try await lab.keystone.token("demo", project: "demo")
            var memory = Measurement()
            let time = try await Measurement.alternate(
                ours: { try await start(.ours, site, token, memory: &memory.ours) },
                peer: { try await start(.glance33, site, token, memory: &memory.peer) })
            memory.ours.removeFirst()
            memory.peer.removeFirst()
            return [
                Row(
                    workload: "start", unit: "ms", peerName: "Glance 33", measurement: time, target: .atMost(0.1)),
                Row(
                    workload: "idle memory", unit: "MiB", peerName: "Glance 33", measurement: memory,
                    target: .atMost(0.125)),
            ]
        }
    }

    /// Milliseconds from exec to the first answer; adds the idle service's PSS in MiB to `memory`.
    private static func start(
        _ release: Release, _ site: Site, _ token: String, memory: inout [Double]
    ) async throws -> Double {
        let answered = FirstAnswer(port: site.port)
        let began = ContinuousClock.now
        let first = Task { try await answered.wait() }
        let pss = try await withGlance(release, site, environment: Lab.glance33) { glance in
            _ = try await first.value
            let client = ImageClient(url: site.url, token: token)
            // Connections are spread over the processes by chance: enough requests reach each.
            for _ in 0..<20 { try await client.expect(200, "GET", "/v2/images") }
            try await Task.sleep(for: .seconds(1))
            return glance.processes.proportionalSetSize
        }
        memory.append(Double(pss) / 1_048_576)
        return (try await first.value - began) / .milliseconds(1)
    }
}

/// The moment at which a service answers for the first time, found on a thread of its own with blocking calls, so that
/// nothing else delays it.
struct FirstAnswer: Sendable {
    let port: Int

    func wait() async throws -> ContinuousClock.Instant {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let deadline = ContinuousClock.now + .seconds(60)
                while ContinuousClock.now < deadline {
                    if answers() {
                        continuation.resume(returning: ContinuousClock.now)
                        return
                    }
                    usleep(500)
                }
                continuation.resume(throwing: TestFailure("port \(port) does not answer"))
            }
        }
    }

    private func answers() -> Bool {
        guard let connection = Sockets.connection(port) else { return false }
        defer { close(connection) }
        let request = Array("GET /healthcheck HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8)
        guard write(connection, request, request.count) == request.count else { return false }
        var answer = [UInt8](repeating: 0, count: 12)
        let count = recv(connection, &answer, answer.count, Int32(MSG_WAITALL))
        return count == 12 && String(decoding: answer, as: UTF8.self) == "HTTP/1.1 200"
    }
}
