/// When and how often a request is sent again.
public struct RetryPolicy: Sendable, Equatable {
    /// How often a request is sent again after a failure that ``OutgoingHTTPError/mayPass``.
    public var failures = 0
    /// How long before the first of these; doubles each time.
    public var delay: Duration = .milliseconds(100)
    /// What the delay grows to at most; at least the first one.
    public var longestDelay: Duration = .seconds(1)
    /// How often a request is sent again because of the status of its answer.
    public var answers = 0
    public var answerDelay: Duration = .milliseconds(500)
    public var statuses: Set<Int> = [503]

    /// Once only.
    public init() {}

    /// Runs `attempt` until it succeeds, fails for good, or has been tried often enough.
    ///
    /// - Parameter status: of an answer.
    public func run<Answer>(
        status: (Answer) -> Int, attempt: () async throws(OutgoingHTTPError) -> Answer
    ) async throws(OutgoingHTTPError) -> Answer {
        for _ in 0..<answers {
            let answer = try await run(attempt)
            guard statuses.contains(status(answer)) else { return answer }
            try? await Task.sleep(for: answerDelay)
        }
        return try await run(attempt)
    }

    private func run<Answer>(
        _ attempt: () async throws(OutgoingHTTPError) -> Answer
    ) async throws(OutgoingHTTPError) -> Answer {
        var pause = delay
        var failed = 0
        while true {
            do throws(OutgoingHTTPError) {
                return try await attempt()
            } catch {
                guard failed < failures, error.mayPass, !Task.isCancelled else { throw error }
            }
            failed += 1
            // A cancelled wait ends in an attempt that is cancelled too.
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, max(longestDelay, delay))
        }
    }
}
