/// When a child that has ended is started again: at once if it had been at work for a while, else after a pause that
/// doubles each time. Times are in nanoseconds of CLOCK_MONOTONIC.
struct RestartPolicy: Equatable {
    /// A child that lived so long was no failed start.
    static let longLife: Int64 = 10_000_000_000
    private static let firstPause: Int64 = 100_000_000
    private static let longestPause: Int64 = 30_000_000_000

    /// So many short lives in a row are a crash loop.
    static let loop = 3

    /// Short lives in a row.
    private(set) var failures = 0
    /// No start before this time.
    private(set) var notBefore: Int64 = 0

    /// A child that was started at `start` has ended at `end`.
    mutating func ended(from start: Int64, to end: Int64) {
        guard end - start < Self.longLife else {
            self = RestartPolicy()
            return
        }
        failures += 1
        notBefore = end + min(Self.longestPause, Self.firstPause << min(failures - 1, 20))
    }
}
