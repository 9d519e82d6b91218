extension Event {
    /// Imports, from the request to the end.
    static let importEvents = [
        imageStaged, importQueued, importProgress, importEnded, importFailed, importStoreFailed,
    ]

    public static let imageStaged = Event(
        id: "1c6330b47f61406bafbba1e5871cebcb", name: "image-staged",
        subject: "Data of image @IMAGE_ID@ are staged",
        explanation: """
            A client has put data of @BYTES@ bytes into the staging area of this node. They wait there until the client imports \
            or deletes the image.
            """)

    public static let importQueued = Event(
        id: "1299cd05bcf4435bbdebc3bbfd88d1ee", name: "import-queued",
        subject: "An import of image @IMAGE_ID@ is queued",
        explanation: """
            A client has asked for an import. An importer of this or another node does it; TASK_ID= leads to all that \
            happens to it, until import-ended or import-failed.
            """)

    public static let importProgress = Event(
        id: "feaf9903caf641c38544852751efe408", name: "import-progress",
        subject: "An import of image @IMAGE_ID@ is under way",
        explanation: """
            Comes from time to time while an import runs. BYTES= is how far the part is that runs now, a download or \
            the way into a store; EXPECTED_BYTES= is the whole. The task of the image says the same to its owner.
            """)

    public static let importEnded = Event(
        id: "9a19b06dc7d84a02986109afa6f4b96f", name: "import-ended",
        subject: "An import of image @IMAGE_ID@ has ended well",
        explanation: """
            The stores of the import have the data, and nothing is left in the staging area.
            """)

    public static let importFailed = Event(
        id: "38418f800eb94174b5bba23a5b7274f7", name: "import-failed",
        subject: "An import of image @IMAGE_ID@ failed",
        explanation: """
            The import was given up: @ERROR@

            What it had written has been taken back, and the image is queued again; an image that was to be copied is what \
            it was. The owner sees the reason in the image's tasks and in its property os_glance_import_failure. A source that \
            does not answer or data that are refused need no operator; a store or a database that fails does.
            """)

    public static let importStoreFailed = Event(
        id: "c3b9324f9a6744d69edbccf835c3a288", name: "import-store-failed",
        subject: "A store did not take the data of image @IMAGE_ID@",
        explanation: """
            The import goes on with its other stores, because the client has allowed that: @ERROR@

            Where STORE= is a store that does not answer or is full, look at it.
            """)
}
