import JSON
public import Scoreboard

/// What all checks found, in the order of ``CheckName``.
public struct CheckReport: Sendable, Equatable {
    public var results: [CheckResult]

    /// The worst outcome.
    public var outcome: CheckOutcome { results.map(\.outcome).max() ?? .success }

    /// With what a start of `glance-api` would end: the first failure's status. ``ExitStatus/runtimeError`` also where it
    /// would go on, unable to answer requests. Nil without a failure.
    public var startStatus: ExitStatus? {
        CheckName.startOrder.lazy.compactMap { name in results.first { $0.check == name && $0.status != nil } }.first?
            .status
    }

    /// One line for each result, with a newline at the end.
    public var text: String { results.map { $0.line + "\n" }.joined() }

    /// A JSON object as `oslo.upgradecheck --json` prints it.
    public var json: String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.field("name", "Upgrade Check Results")
            writer.field("checks") { writer in
                writer.array { writer in
                    for result in results {
                        writer.object { writer in
                            writer.field("check", result.check.rawValue)
                            writer.field("result", result.outcome.rawValue)
                            writer.field("details", result.details)
                        }
                    }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
