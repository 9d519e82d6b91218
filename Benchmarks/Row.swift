import Foundation

/// One line of a table.
struct Row: Sendable {
    let workload: String
    let unit: String
    let peerName: String
    let measurement: Measurement
    /// What the design must reach, as a bound of the ratio ours / peer.
    let target: Target?

    enum Target: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    var ours: Double { Measurement.median(measurement.ours) }
    var peer: Double { Measurement.median(measurement.peer) }
    var ratio: Double { measurement.ratio }

    /// Whether all its figures are there.
    var isComplete: Bool { [ours, peer, ratio].allSatisfy(\.isFinite) }

    /// Whether the target is reached; nil where there is none.
    var isHeld: Bool? {
        switch target {
        case .atLeast(let bound)?: ratio >= bound
        case .atMost(let bound)?: ratio <= bound
        case nil: nil
        }
    }

    private var verdict: String {
        let held = isHeld == true ? "held" : "**missed**"
        return switch target {
        case .atLeast(let bound)?: "≥ \(Self.text(bound)) × \(held)"
        case .atMost(let bound)?: "≤ \(Self.text(bound)) × \(held)"
        case nil: ""
        }
    }

    /// Both values with what they spread over.
    private func value(_ median: Double, _ all: [Double]) -> String {
        guard let low = all.min(), let high = all.max() else { return "–" }
        return "\(Self.text(median)) \(unit) (\(Self.text(low))–\(Self.text(high)))"
    }

    var line: String {
        "| \(workload) | \(value(ours, measurement.ours)) | \(peerName): \(value(peer, measurement.peer)) "
            + "| \(Self.text(ratio)) | \(verdict) |"
    }

    static func text(_ value: Double) -> String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        return value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
    }
}
