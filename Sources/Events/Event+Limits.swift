extension Event {
    /// Keystone's limits were read again.
    public static let limitsRefreshed = Event(id: "2f77a083f2664f6a836d125dd0104007", name: "limits-refreshed")

    /// Keystone's limits cannot be read any more; the last known ones go on counting. Once for each outage.
    public static let limitsStale = Event(id: "c2e950233a18468e8ecb856befbb6f6a", name: "limits-stale")

    /// Keystone's limits can be read again.
    public static let limitsRecovered = Event(id: "b1ce5f318251463ab7dbd01370c49371", name: "limits-recovered")

    /// Keystone has no registered limit of a resource, so everything that needs it is refused.
    public static let registeredLimitMissing = Event(
        id: "765f722da1d74c31b8c7e41beef1c368", name: "registered-limit-missing")

    /// A project was refused something because of its limit.
    public static let limitExceeded = Event(id: "9a5f176518c9487db1bb4816a88033cd", name: "limit-exceeded")
}
