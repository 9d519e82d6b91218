extension Options.Default {
    public static let scrubTime = Option<Int>(
        .honoured, group, "scrub_time", default: 0, minimum: 0,
        help: "Seconds for which the data of a deleted image is kept, when delayed_delete is on.")

    public static let scrubPoolSize = Option<Int>(
        .honoured, group, "scrub_pool_size", default: 1, minimum: 1,
        help: "How many images the scrubber removes at the same time.")

    public static let delayedDelete = Option<Bool>(
        .honoured, group, "delayed_delete", default: false,
        help: """
            Marks active images that are deleted as pending_delete and leaves their data to the scrubber, which removes \
            them after scrub_time; until then glance-scrubber --restore brings an image back.
            """)

    public static let wakeupTime = Option<Int>(
        .honoured, group, "wakeup_time", default: 300, minimum: 0,
        help: "Seconds between two runs of the scrubber.")

    public static let daemon = Option<Bool>(
        .honoured, group, "daemon", default: false,
        help: "Keeps the scrubber running instead of ending after one run.")

    public static let restore = Option<String?>(
        .honoured, group, "restore", default: nil,
        help: "Id of an image that the scrubber takes back from pending_delete.")

    public static let runImporter = Option<Bool>(
        .honoured, group, "run_importer", default: true,
        help: """
            Runs an importer as a child of glance-api. Imports that requests to this node ask for may be done by the \
            importers of other nodes too. Not an option of Glance.
            """)

    public static let runScrubber = Option<Bool>(
        .honoured, group, "run_scrubber", default: true,
        help: """
            Runs the scrubber as a child process of glance-api. Turn it off where glance-scrubber --daemon runs as a \
            service of its own; one of the two is needed, because it also cleans up after crashes.
            """)

    public static let stuckImageTimeout = Option<Int>(
        .honoured, group, "stuck_image_timeout", default: 86400, minimum: 0,
        help: """
            Seconds without any change after which an image that is saving, uploading or importing counts as left \
            behind by a crash, when no upload of this service belongs to it: the scrubber removes its data and puts it \
            back to queued. Files that are staged for no import go after the same time. This has to be longer than any \
            upload or import through a Python Glance on the same database. 0 leaves such images alone.
            """)

    static var scrubberOptions: [OptionDeclaration] {
        [
            scrubTime.declaration, scrubPoolSize.declaration, delayedDelete.declaration, wakeupTime.declaration,
            daemon.declaration, restore.declaration, runScrubber.declaration, runImporter.declaration,
            stuckImageTimeout.declaration,
        ]
    }
}
