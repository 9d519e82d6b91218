extension Event {
    static let logEvents = [logEntriesLost]

    public static let logEntriesLost = Event(
        id: "38bd93d9bebe458399d1eea7a60704f2", name: "log-entries-lost",
        subject: "@LOST@ log entries were lost",
        explanation: """
            The journal did not take entries as fast as the service wrote them, and more than the service keeps in memory \
            were waiting. The service never waits for its log, so it has dropped the entries that came meanwhile.

            Look at the load and the disks of this host, and at RateLimitIntervalSec= and the sizes in journald.conf(5). \
            With many requests, default_log_levels with eventlet.wsgi.server=WARN leaves out the entries of single requests.
            """)
}
