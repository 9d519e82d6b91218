/// How often a request is sent again.
struct S3Patience: Sendable {
    var attempts: Int
    var delay: Duration
    var longestDelay: Duration
    /// After so long there is no further attempt: each one at a service that hangs takes a minute.
    var limit: Duration

    /// What somebody waits for who can try again himself: two seconds, or one attempt at a service that hangs.
    static let short = S3Patience(
        attempts: 4, delay: .milliseconds(100), longestDelay: .seconds(1), limit: .seconds(30))
    /// What would cost a transfer that is under way: long enough for a server to restart.
    static let long = S3Patience(
        attempts: 12, delay: .milliseconds(200), longestDelay: .seconds(4), limit: .seconds(120))
    /// Who calls tries again by himself.
    static let none = S3Patience(attempts: 1, delay: .zero, longestDelay: .zero, limit: .zero)

    /// Whether there is a further attempt.
    ///
    /// - Parameters:
    ///   - failed: how many have failed.
    ///   - start: of the first one.
    func allowsAnother(after failed: Int, since start: ContinuousClock.Instant) -> Bool {
        failed < attempts && .now - start < limit
    }

    /// The pause after an attempt, counted from 1, with a bit of chance so that transfers do not come back all at once.
    func pause(after attempt: Int) -> Duration {
        let grown = min(delay * (1 << min(attempt - 1, 16)), longestDelay)
        return grown * Double.random(in: 0.75...1.25)
    }
}
