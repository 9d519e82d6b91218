extension Event {
    static let scrubberEvents = [
        imageScrubbed, scrubFailed, imageRestored, uploadRecovered, imageRequeued, staleFileRemoved, tasksExpired,
        scrubberWaiting,
    ]

    /// The data of an image that was `pending_delete` are gone, and the image is `deleted`.
    public static let imageScrubbed = Event(
        id: "fc5aa3867736438bb6507ce20896c922", name: "image-scrubbed",
        subject: "The data of deleted image @IMAGE_ID@ have been removed",
        explanation: """
            The image was pending_delete for longer than scrub_time. The scrubber has removed its data from all \
            stores, and the image is deleted now: it cannot be brought back any more.
            """)

    /// Data that nobody needs could not be removed; the next run tries again.
    public static let scrubFailed = Event(
        id: "347f234c7acf409789e3662f88234b25", name: "scrub-failed",
        subject: "Data of image @IMAGE_ID@ could not be removed",
        explanation: """
            The store @STORE@ has not removed data that nobody needs any more. The entry's text says why. The \
            data stay where they are and take up space; the scrubber tries again at its next run, so nothing has \
            to be done if the store was only away.

            If it goes on: look after the store, and whether it is still configured on this node. Data of an RBD \
            image cannot be removed while clones of it exist.
            """)

    /// An image came back from `pending_delete`.
    public static let imageRestored = Event(
        id: "bdf1f720d2e147389c99bd1b394fe304", name: "image-restored",
        subject: "Image @IMAGE_ID@ has been brought back",
        explanation: """
            glance-scrubber --restore has made an image that was pending_delete active again, with its \
            properties, tags, members and locations.
            """)

    /// The bytes of an upload whose process died are gone, and the image is `queued` again.
    public static let uploadRecovered = Event(
        id: "5ef9b0f78e164f0ba92cdbba435ff954", name: "upload-recovered",
        subject: "Cleaned up after an upload to image @IMAGE_ID@ that a crash has cut off",
        explanation: """
            The process that received the data has died. What it had stored is removed, and the image is queued \
            again: the client has to upload once more. Entries of the same time tell why the process died.
            """)

    /// An image that nobody was uploading or importing any more is `queued` again.
    public static let imageRequeued = Event(
        id: "11ac067a317d4f8d96dc67437315e563", name: "image-requeued",
        subject: "Image @IMAGE_ID@ was left in the middle of an upload or import",
        explanation: """
            The image was saving, uploading or importing for longer than stuck_image_timeout, and nobody worked \
            on it. What was stored for it is removed, and it is queued again. This is what a Python Glance \
            leaves that was stopped meanwhile.

            If there are uploads or imports that take so long through a Python Glance on the same database, \
            raise stuck_image_timeout.
            """)

    /// A temporary or staged file without an owner is gone.
    public static let staleFileRemoved = Event(
        id: "6ac8f875912c4e35875fb15316124928", name: "stale-file-removed",
        subject: "A file that belonged to nothing has been removed",
        explanation: """
            A temporary or staged file of image @IMAGE_ID@ was left by a process that has died, or by an image \
            that is deleted. It had @BYTES@ bytes. Nothing has to be done.
            """)

    /// Tasks whose time has passed are deleted.
    public static let tasksExpired = Event(
        id: "ff3b18208d55413ba747a37274911cb1", name: "task-expired",
        subject: "Tasks whose time has passed have been deleted",
        explanation: """
            Tasks stay visible until their expires_at. Their rows stay in the database until glance-manage db \
            purge.
            """)

    /// The scrubber cannot work at the moment, for instance because the database is away; it tries again.
    public static let scrubberWaiting = Event(
        id: "b6f93bb4fbf745d2a7bbfce12c833a9b", name: "scrubber-waiting",
        subject: "The scrubber cannot work at the moment",
        explanation: """
            Most often the database is away; the entry's text says what failed. The scrubber tries again by \
            itself, with pauses of up to a minute. Deleted data stay in the stores for so long, and images whose \
            upload was cut off by a crash stay saving.
            """)
}
