public import Scoreboard

/// One line of a report: what one check found.
public struct CheckResult: Sendable, Equatable {
    public var check: CheckName
    public var outcome: CheckOutcome
    /// One line: what is so, and for anything but a success what to do about it. Never holds a secret.
    public var details: String
    /// With what a start would end because of it; nil unless it is a failure.
    public var status: ExitStatus?

    /// `Warning  Stores: …`
    public var line: String { "\(outcome.name)  \(check.rawValue): \(details)" }
}
