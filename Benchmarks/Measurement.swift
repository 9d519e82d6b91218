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
}
