import Scoreboard

/// Looks at one thing and changes nothing.
protocol Check: Sendable {
    var name: CheckName { get }
    /// With what a start would end for a failure that has no status of its own.
    var failureStatus: ExitStatus { get }

    /// What was found; never nothing.
    func run() async -> [Finding]
}

/// What a check found, without its name.
struct Finding: Sendable, Equatable {
    var outcome: CheckOutcome
    var details: String
    /// With what a start would end, where that differs from the check's other failures.
    var status: ExitStatus?

    static func success(_ details: String) -> Finding { Finding(outcome: .success, details: details) }
    static func warning(_ details: String) -> Finding { Finding(outcome: .warning, details: details) }
    static func failure(_ details: String, _ status: ExitStatus? = nil) -> Finding {
        Finding(outcome: .failure, details: details, status: status)
    }
}

extension Check {
    var failureStatus: ExitStatus { .runtimeError }

    /// Runs for a time at most. What goes on beyond it ends with the process.
    func run(for limit: Duration) async -> [Finding] {
        let (answers, answer) = AsyncStream<[Finding]>.makeStream(bufferingPolicy: .bufferingOldest(1))
        let work = Task { answer.yield(await run()) }
        let clock = Task {
            try await Task.sleep(for: limit)
            answer.yield([.failure("no answer within \(limit.components.seconds) seconds")])
        }
        defer {
            work.cancel()
            clock.cancel()
        }
        for await findings in answers { return findings }
        return []
    }
}
