extension Options.Default {
    public static let scrubTime = Option<Int>(
        .notYet, group, "scrub_time", default: 0, minimum: 0,
        help: "Seconds for which the data of a deleted image is kept, when delayed_delete is on.")

    public static let scrubPoolSize = Option<Int>(
        .notYet, group, "scrub_pool_size", default: 1, minimum: 1,
        help: "How many images the scrubber removes at the same time.")

    public static let delayedDelete = Option<Bool>(
        .notYet, group, "delayed_delete", default: false,
        help: "Marks deleted images as pending_delete and leaves their data to the scrubber.")

    public static let wakeupTime = Option<Int>(
        .notYet, group, "wakeup_time", default: 300, minimum: 0,
        help: "Seconds between two runs of the scrubber.")

    public static let daemon = Option<Bool>(
        .notYet, group, "daemon", default: false,
        help: "Keeps the scrubber running instead of ending after one run.")

    public static let restore = Option<String?>(
        .notYet, group, "restore", default: nil,
        help: "Id of an image that the scrubber takes back from pending_delete.")

    static var scrubberOptions: [OptionDeclaration] {
        [
            scrubTime.declaration, scrubPoolSize.declaration, delayedDelete.declaration, wakeupTime.declaration,
            daemon.declaration, restore.declaration,
        ]
    }
}
