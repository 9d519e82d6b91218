extension Event {
    /// Servers that the service depends on, going away and coming back. Each worker notices for itself.
    static let backendsEvents = [
        databaseUnreachable, databaseBack, storeUnavailable, storeBack, keystoneUnreachable, keystoneBack,
        memcachedUnreachable, memcachedBack, brokerUnreachable, brokerBack, notificationsDropped,
    ]

    public static let storeUnavailable = Event(
        id: "2ec110cfe1a4b3063657dd7dcfbac638", name: "store-unavailable",
        subject: "The image store @STORE@ cannot be used",
        explanation: """
            A read or write in the store failed: @ERROR@

            Requests for its images are answered with 503, and what is to be removed there is tried again until it \
            works. This entry comes once for an outage, and store-back when the store answers again. Look at the \
            store's directory, mount, server and permissions.
            """)

    public static let storeBack = Event(
        id: "1b01bda89e023b50e0a9e350b02acb92", name: "store-back",
        subject: "The image store @STORE@ can be used again",
        explanation: """
            The outage that store-unavailable has told of is over. Nothing has to be done.
            """)

    public static let databaseUnreachable = Event(
        id: "5e817a61a38245e492bb86a6997419d0", name: "database-unreachable",
        subject: "The database cannot be reached",
        explanation: """
            A connection could not be opened: @ERROR@

            It is tried again, first after a fraction of a second and then more slowly. Requests wait for up \
            to five seconds and are then answered with 503; uploads and downloads that run go on until they \
            need the database. Nothing has to be done here once the database is back: database-back says so.

            Check the database server, the network, and connection in the section database of the \
            configuration.
            """)

    public static let databaseBack = Event(
        id: "8776f42c7b6745fba2083a976ff7597e", name: "database-back",
        subject: "The database can be reached again",
        explanation: """
            The outage that database-unreachable has told of is over for this process.
            """)

    public static let keystoneUnreachable = Event(
        id: "891937ef45f3465bb1ea177add7084ab", name: "keystone-unreachable",
        subject: "Keystone cannot be reached at @AUTH_URL@",
        explanation: """
            Tokens cannot be validated: @ERROR@

            Requests with tokens that were validated a short time ago go on; all others are answered with 503. \
            It is tried again with each request, so nothing has to be done here once Keystone is back: \
            keystone-back says so.

            Check Keystone, the network and its proxies, and auth_url in the section keystone_authtoken.
            """)

    public static let keystoneBack = Event(
        id: "d32dac78616142748f3534c96c6b7c80", name: "keystone-back",
        subject: "Keystone can be reached again at @AUTH_URL@",
        explanation: """
            The outage that keystone-unreachable has told of is over for this process.
            """)

    public static let memcachedUnreachable = Event(
        id: "63331733000c4fbd8c388052b86ff801", name: "memcached-unreachable",
        subject: "memcached @SERVER@ fails",
        explanation: """
            The cache of validated tokens does not answer: @ERROR@

            The service goes on without it and asks Keystone more often. The server is tried again after a \
            second, then less and less often, up to memcache_pool_dead_retry seconds.
            """)

    public static let memcachedBack = Event(
        id: "05199a9911b5492186e4bc8d4bc79822", name: "memcached-back",
        subject: "memcached @SERVER@ is back",
        explanation: """
            The outage that memcached-unreachable has told of is over for this process.
            """)

    public static let brokerUnreachable = Event(
        id: "53290e58c3eece6c7c338f9586f5f23b", name: "broker-unreachable",
        subject: "Notifications cannot be sent to the message broker",
        explanation: """
            No broker of transport_url takes notifications: @ERROR@

            Requests are not affected. Notifications wait in the process, 10 000 at most, and are sent when a \
            broker can be reached; later ones are dropped. It is tried again and again. This entry comes once \
            for an outage, and broker-back when it is over.

            Check the broker, the network, and transport_url in the sections oslo_messaging_notifications \
            and DEFAULT.
            """)

    public static let brokerBack = Event(
        id: "18ae989985445146a4f907dfab7eb6ce", name: "broker-back",
        subject: "Notifications are sent to the message broker again",
        explanation: """
            The outage that broker-unreachable has told of is over for this process. @DROPPED@ notifications \
            were dropped meanwhile.
            """)

    public static let notificationsDropped = Event(
        id: "51780360ea3c4e561378f1096f7d74e2", name: "notifications-dropped",
        subject: "@DROPPED@ notifications were not sent",
        explanation: """
            The message broker refused them, more of them came than it could take, or the process has ended \
            before the broker could be reached. Whoever listens has to look at the images themselves.
            """)
}
