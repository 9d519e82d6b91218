extension Event {
    /// The image cache.
    static let cacheEvents = [
        imageCached, cacheFillFailed, cacheFileDamaged, cachePruned, cacheFileRemoved, cacheUnusable, cacheUsable,
    ]

    public static let imageCached = Event(
        id: "f157d92ba0dc4d29a6545d818b817859", name: "image-cached",
        subject: "Image @IMAGE_ID@ is in the cache",
        explanation: "The next downloads of the image from this node are served from the cache. Nothing has to be done."
    )

    public static let cacheFillFailed = Event(
        id: "515cd79de14344e9b52f1c89ad0a6979", name: "cache-fill-failed",
        subject: "Image @IMAGE_ID@ could not be cached",
        explanation: """
            Clients get the image from its store all the same. The reason: @ERROR@

            If it is a full disk: image_cache_max_size has to be smaller than what the disk has, together with everything \
            else on it. If the data do not have the image's hash, the store has a damaged copy; compare it with the image's \
            os_hash_value.
            """)

    public static let cacheFileDamaged = Event(
        id: "fbada6ffae3f4e86a2839af0c56a5789", name: "cache-file-damaged",
        subject: "The cached copy of image @IMAGE_ID@ had the wrong size",
        explanation: """
            Somebody or something has changed the file, which has @BYTES@ bytes where the image has @EXPECTED_BYTES@. It was \
            removed; clients get the image from its store, and the cache fills anew. If it comes again, look at the disk.
            """)

    public static let cachePruned = Event(
        id: "0fcc266d058843819adc743dea6bbe74", name: "cache-pruned",
        subject: "@IMAGES@ images were removed from the cache",
        explanation: """
            They were used less recently than the others, and the cache is to have no more than image_cache_max_size bytes. \
            If the same images come and go again and again, give the cache more room.
            """)

    public static let cacheFileRemoved = Event(
        id: "11ec88997e3f420085c20c932c8349ab", name: "cache-file-removed",
        subject: "A file was removed from the cache",
        explanation: """
            It belonged to an image that is deleted, or to a process that died while it filled the cache. Nothing has to be \
            done.
            """)

    public static let cacheUnusable = Event(
        id: "56c4f19213e649c399152ba28601f776", name: "cache-unusable",
        subject: "The image cache cannot be used",
        explanation: """
            Downloads are served from the stores until it can. The reason: @ERROR@

            See whether @PATH@ exists, whether its disk has room and works, and whether the service's user may write there.
            """)

    public static let cacheUsable = Event(
        id: "2f1c1dfc3a4b4c0e9a8f64a9e1cf57b4", name: "cache-usable",
        subject: "The image cache can be used again",
        explanation: "What was wrong with the directory of the cache is right again. Nothing has to be done.")
}
