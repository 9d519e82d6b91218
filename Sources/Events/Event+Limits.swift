extension Event {
    static let limitsEvents = [
        limitsRefreshed, limitsStale, limitsRecovered, registeredLimitMissing, limitExceeded,
    ]

    /// Keystone's limits were read again.
    public static let limitsRefreshed = Event(
        id: "2f77a083f2664f6a836d125dd0104007", name: "limits-refreshed",
        subject: "Keystone's limits have been read",
        explanation: "The limits of all projects are what Keystone has now. Nothing has to be done.")

    /// Keystone's limits cannot be read any more; the last known ones go on counting. Once for each outage.
    public static let limitsStale = Event(
        id: "c2e950233a18468e8ecb856befbb6f6a", name: "limits-stale",
        subject: "Keystone's limits cannot be read",
        explanation: """
            The entry's text says why, and how old the limits are that go on counting. Changes of limits in Keystone \
            have no effect until it can be asked again; that is tried every second by workers, every refresh_interval \
            seconds of [oslo_limit] by the limits process, and said in the journal when it works.

            If Keystone runs: see whether the user of [oslo_limit] may read the system (role reader with \
            --system all), and whether endpoint_id is that of the image service.
            """)

    /// Keystone's limits can be read again.
    public static let limitsRecovered = Event(
        id: "b1ce5f318251463ab7dbd01370c49371", name: "limits-recovered",
        subject: "Keystone's limits can be read again",
        explanation: "The limits of all projects are up to date. Nothing has to be done.")

    /// Keystone has no registered limit of a resource, so everything that needs it is refused.
    public static let registeredLimitMissing = Event(
        id: "765f722da1d74c31b8c7e41beef1c368", name: "registered-limit-missing",
        subject: "Keystone has no registered limit @RESOURCE_NAME@",
        explanation: """
            A limit that is not registered counts as 0: whatever needs @RESOURCE_NAME@ is refused with status 413, \
            for all projects that have no limit of their own. The entry's text has the command that registers it; \
            its region has to be that of the image endpoint. A limit of -1 is none.
            """)

    /// A project was refused something because of its limit.
    public static let limitExceeded = Event(
        id: "9a5f176518c9487db1bb4816a88033cd", name: "limit-exceeded",
        subject: "Project @PROJECT_ID@ has reached its limit of @RESOURCE_NAME@",
        explanation: """
            A request was refused with status 413. The project can delete images, or be given a higher limit: \
            openstack limit create --project @PROJECT_ID@ --service glance --region REGION --resource-limit N \
            @RESOURCE_NAME@
            """)
}
