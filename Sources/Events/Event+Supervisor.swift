/// What the supervisor does and sees; `docs/signals.md` lists them.
extension Event {
    static let supervisorEvents = [
        serviceReady, serviceStopping, startFailed, reloadBegun, reloaded, reloadFailed,
        handover, childStarted, childDied, childHung, crashLoop,
    ]

    /// The first request can be served.
    public static let serviceReady = Event(
        id: "0476ab4bea154a959c5c1a03a8c7c608", name: "service-ready",
        subject: "The Image service is ready",
        explanation: """
            All children are running; requests are answered from now on.
            """)

    /// The service ends.
    public static let serviceStopping = Event(
        id: "bffcc6f7defa4c55bea051f8e41d254b", name: "service-stopping",
        subject: "The Image service is stopping",
        explanation: """
            No connection is accepted any more: new ones are refused, or wait for the next start where systemd \
            keeps the socket. After a TERM, as systemctl stop and restart send it, running \
            requests have [DEFAULT] graceful_shutdown_timeout seconds to finish; after INT, QUIT or a second \
            TERM they are cut.
            """)

    /// The service can't start; starting again does not help.
    public static let startFailed = Event(
        id: "df99a853741c4d0891c782d19e05472b", name: "start-failed",
        subject: "The Image service can't start (exit status @STATUS@)",
        explanation: """
            The message says why. The service has ended: nothing would change by itself.

            Mend what the message names, then type: systemctl start openstack-glance-api. All exit statuses are \
            explained in docs/signals.md.
            """)

    /// New children start with the configuration as it is now.
    public static let reloadBegun = Event(
        id: "b5fef6b854004f3b9bc5a31b901c361d", name: "reload-begun",
        subject: "The Image service begins a reload",
        explanation: """
            The configuration was read, and new children start with it. The old ones serve until the new ones \
            are ready.
            """)

    /// The new children serve, the old ones finish what they have begun.
    public static let reloaded = Event(
        id: "032e2828dc0640bdade49b0ee7fe3876", name: "reloaded",
        subject: "The Image service has reloaded its configuration",
        explanation: """
            New children serve with the new configuration. The old ones finish the requests that they have \
            begun, however long that takes.
            """)

    /// The new configuration or program is no good; the old children go on.
    public static let reloadFailed = Event(
        id: "5763aa74b59f400e96fdb1fc82311e2c", name: "reload-failed",
        subject: "The Image service could not reload, the old configuration stays",
        explanation: """
            The new configuration, or after an upgrade the new program, can't be used; the message says why. The \
            children that were running before go on serving, and no request was lost.

            Mend what the message names, then type: systemctl reload openstack-glance-api. Don't restart before \
            that: the service would not start.
            """)

    /// Another program file has taken the supervisor's process over.
    public static let handover = Event(
        id: "0b5829ca79b2455d950c52c152c99fb1", name: "handover",
        subject: "The Image service runs a new program file",
        explanation: """
            After an upgrade the supervisor has turned into the program that now stands on disk, with the same \
            process id, sockets and children. New children of the new version start next.
            """)

    /// A child process was started.
    public static let childStarted = Event(
        id: "2689c613f3654e71a7d9dc0198cecb69", name: "child-started",
        subject: "Child process @CHILD_PID@ was started as @ROLE@",
        explanation: """
            Part of each start, reload and upgrade, and of the replacement of a child that has ended.
            """)

    /// A child process has ended that was not told to.
    public static let childDied = Event(
        id: "750f69b288234ed6954a756a87c50061", name: "child-died",
        subject: "Child process @CHILD_PID@ (@ROLE@) has ended: @STATUS@",
        explanation: """
            Another one takes its place, at once if this one had lived for ten seconds, else after a pause. \
            Requests that it was answering were cut; what an interrupted upload has left is cleaned up by \
            itself.

            Signal 9 without a child-hung event before it often means that the kernel was out of memory: look \
            for it with journalctl -k. Other signals are a defect of this program, and worth a report.
            """)

    /// A child process gives no sign of life and is killed.
    public static let childHung = Event(
        id: "80b1f21197d843ec8d1bf8805dfbb4dc", name: "child-hung",
        subject: "Child process @CHILD_PID@ (@ROLE@) hangs and is killed",
        explanation: """
            It has given no sign of life for half a minute, or needed two minutes and more to start: it was \
            stopped by a signal, waits for a disk or network file system that does not answer, or has a defect. \
            Another one takes its place.

            If it happens again, look at the disks and mounts of the image stores.
            """)

    /// A child dies again and again.
    public static let crashLoop = Event(
        id: "c9038f16efc6447f8dfe02cbabab5330", name: "crash-loop",
        subject: "The @ROLE@ of the Image service ends again and again",
        explanation: """
            Each child that was started in this place has ended soon (@STATUS@). It is tried again after pauses \
            of up to 30 seconds, and service comes back by itself once the reason is gone. The reason is told by \
            the child-died events before this one and by what the child has logged.

            Often the database, a store or the configuration was changed while the service was running: \
            glance-api --check-config looks at all of them.
            """)
}
