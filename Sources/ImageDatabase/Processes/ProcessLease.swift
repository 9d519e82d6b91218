public import Processes
public import TextCoding

/// What a process owns for as long as it lives and says so: an upload, a scrub, an import, a cache fill.
///
/// The row of what is owned holds the lease in the columns ``LeaseTable/columns``. Its holder renews it; anybody may take
/// over what belongs to the dead, by a conditional update that exactly one of all who try gets through.
public struct ProcessLease: Sendable, Equatable {
    public var process: ProcessIdentity
    /// When the process last said that it is alive.
    public var renewedAt: Timestamp

    public init(_ process: ProcessIdentity, renewedAt: Timestamp = .now) {
        self.process = process
        self.renewedAt = renewedAt
    }

    /// Seconds after which a process that says nothing counts as dead, where nobody can look whether it runs. It is
    /// renewed about ten times as often.
    public static let length: Int64 = 300

    /// Whether nobody is at work any more, as far as `observer` can tell: by /proc on the same host, by the age of the lease
    /// elsewhere. A lease of its own is a leftover of something that did not get through, and is dead after its time.
    public func isDead(seenBy observer: ProcessIdentity, at now: Timestamp = .now) -> Bool {
        let isSilent = renewedAt.advanced(bySeconds: Self.length) < now
        if process == observer { return isSilent }
        return !(process.isAlive(seenBy: observer) ?? !isSilent)
    }
}

extension ProcessLease {
    /// Reads the four columns of a lease.
    init(_ row: Row, from column: Int) throws(DatabaseError) {
        self.init(
            ProcessIdentity(
                host: try row.required(row.text(column), column),
                pid: Int32(clamping: try row.integer(column + 1) ?? 0), startTime: try row.integer(column + 2) ?? 0),
            renewedAt: try row.required(row.time(column + 3), column + 3))
    }

    /// The values of the four columns.
    var values: [SQLValue] {
        [.text(process.host), .integer(Int64(process.pid)), .integer(process.startTime), .time(renewedAt)]
    }
}
