/// How a check ended. The raw value is the exit status that the worst of all checks gives `glance-status upgrade check`.
///
/// Source: oslo.upgradecheck, "Upgrade Check Results".
public enum CheckOutcome: Int32, Sendable, Comparable {
    case success = 0
    /// The service works, but somebody should look at this.
    case warning = 1
    /// The service cannot start, or cannot answer requests.
    case failure = 2

    /// As operators know it from the status commands of other services.
    public var name: String {
        switch self {
        case .success: "Success"
        case .warning: "Warning"
        case .failure: "Failure"
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}
