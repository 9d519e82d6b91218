extension Options.Default {
    public static let scrubTime = Option<Int>(
        .notYet, group, "scrub_time", default: 0, minimum: 0,
        help: "Seconds after deletion before the scrubber may remove the data.")

    public static let scrubPoolSize = Option<Int>(
        .notYet, group, "scrub_pool_size", default: 1, minimum: 1,
        help: "Images scrubbed in parallel.")

    public static let delayedDelete = Option<Bool>(
        .notYet, group, "delayed_delete", default: false,
        help: "DELETE only marks pending_delete; the scrubber removes data.")

    public static let wakeupTime = Option<Int>(
        .notYet, group, "wakeup_time", default: 300, minimum: 0,
        help: "Scrubber daemon pause between runs, seconds.")

    public static let daemon = Option<Bool>(
        .notYet, group, "daemon", default: false,
        help: "Scrubber: run forever (CLI -D/--daemon).")

    public static let restore = Option<String?>(
        .notYet, group, "restore", default: nil,
        help: "Scrubber: put IMAGE_ID back from pending_delete to active (CLI).")

    static var scrubberOptions: [OptionDeclaration] {
        [
            scrubTime.declaration, scrubPoolSize.declaration, delayedDelete.declaration, wakeupTime.declaration,
            daemon.declaration, restore.declaration,
        ]
    }
}
