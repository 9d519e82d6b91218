extension Event {
    /// All events of all programs.
    public static let all: [Event] = logEvents + supervisorEvents + scrubberEvents

    /// The message catalog of all events, in the format of journalctl(1), `--update-catalog`.
    public static var catalog: String {
        """
        # Messages of the OpenStack Image service. Written by Event.catalog; do not edit.


        """ + all.map(\.catalogEntry).joined(separator: "\n")
    }

    private var catalogEntry: String {
        """
        -- \(id)
        Subject: \(subject)
        Defined-By: openstack-glance
        Documentation: \(Self.documentation)

        \(explanation)

        """
    }

    private static let documentation = "man:glance-api(8)"
}
