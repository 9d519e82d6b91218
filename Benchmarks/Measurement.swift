import TestSupport

/// Runs ours and the peer in turns, and keeps every value of the turns that count.
struct Measurement: Sendable {
    var ours: [Double] = []
    var peer: [Double] = []

    static let rounds = 5

    static func alternate(
        rounds: Int = rounds, ours: () async throws -> Double, peer: () async throws -> Double
    ) async throws -> Measurement {
        _ = try await ours()
        _ = try await peer()
        var measurement = Measurement()
        for _ in 0..<rounds {
            measurement.ours.append(try await ours())
            measurement.peer.append(try await peer())
        }
        return measurement
    }

    /// One of several peers.
    struct Peer {
        /// How many turns it has: no more than ours.
        let rounds: Int
        let body: () async throws -> Double
    }

    /// Runs ours and several peers in turns, without a warm-up.
    static func turns(
        _ rounds: Int, ours: () async throws -> Double, peers: [Peer]
    ) async throws -> [Measurement] {
        var measurements = [Measurement](repeating: Measurement(), count: peers.count)
        for round in 0..<rounds {
            let value = try await ours()
            for (number, peer) in peers.enumerated() where round < peer.rounds {
                measurements[number].ours.append(value)
                measurements[number].peer.append(try await peer.body())
            }
        }
        return measurements
    }

    /// Ours by the peer's: the median of what each turn gives, so that what slows the machine for a while slows both.
    var ratio: Double { Self.median(zip(ours, peer).map { $0 / $1 }) }

    static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    /// Seconds that `body` takes.
    static func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        try await ContinuousClock().measure(body) / .seconds(1)
    }

    /// Seconds until all have ended that were begun at the same time.
    static func together<Item: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws -> Void
    ) async throws -> Double {
        try await seconds {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for item in items { group.addTask { try await body(item) } }
                try await group.waitForAll()
            }
        }
    }
}
