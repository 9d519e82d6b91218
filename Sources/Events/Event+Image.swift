extension Event {
    /// What happens to images, at the request of a client.
    static let imageEvents = [
        imageCreated, uploadBegun, imageActive, uploadFailed, uploadNotCleanedUp, uploadEndUnknown, imageUpdated,
        imageDeleted, imageDeactivated, imageReactivated, imageLocationRemoved, imageDataNotRemoved,
        locationStoreUnknown, imageDataUnreadable, memberAdded, memberStatusChanged, memberRemoved,
        certificateUnavailable, encryptionKeyKept, imageContentDoubtful,
    ]

    public static let imageCreated = Event(
        id: "527a1c5aacdc42b19d42eb60195ada61", name: "image-created",
        subject: "Image @IMAGE_ID@ was created",
        explanation: """
            A client has registered an image that has no data yet. It stays queued until data are uploaded or \
            a location is set.

            REQUEST_ID= leads to the request and USER_ID= and PROJECT_ID= say who sent it.
            """)

    public static let uploadBegun = Event(
        id: "957b7296a34e461aa6dff71449af3d34", name: "upload-begun",
        subject: "An upload to image @IMAGE_ID@ has begun",
        explanation: """
            A client sends the data of the image to the store @STORE@. The image is in the state saving until \
            the upload ends with image-active or upload-failed. When the process dies meanwhile, the scrubber \
            removes what is left and the image is queued again.
            """)

    public static let imageActive = Event(
        id: "ff151e4aa8c24383b9776614d642dc27", name: "image-active",
        subject: "Image @IMAGE_ID@ is active",
        explanation: """
            The image has all its data, and clients can download it. BYTES= is the size of the data, \
            DURATION_MS= the time of the upload; an image that became active by a location that a client has \
            set has no duration.
            """)

    public static let uploadFailed = Event(
        id: "88df3ea5ddf2494f92afd1530b057266", name: "upload-failed",
        subject: "An upload to image @IMAGE_ID@ failed",
        explanation: """
            The upload ended before the image became active: @ERROR@

            The image is queued again and what was written of its data is removed, so the client can repeat \
            the upload. A client that went away or a quota that is used up needs no operator. A store that is \
            full, read-only or does not answer does: the entries of the same REQUEST_ID= say more.
            """)

    public static let uploadNotCleanedUp = Event(
        id: "0a70467cefe64bc1a2f328e72507c87d", name: "upload-not-cleaned-up",
        subject: "What a failed upload to image @IMAGE_ID@ has left could not be removed yet",
        explanation: """
            The store or the database did not do what was asked: @ERROR@

            Nothing is lost and nothing has to be done by hand: it is tried again until it works. If this \
            comes again and again, look at the store and at the database.
            """)

    public static let uploadEndUnknown = Event(
        id: "49501b317c1e4f2185088d071ae42d5c", name: "upload-end-unknown",
        subject: "Whether image @IMAGE_ID@ became active is unknown",
        explanation: """
            All data of the image are stored, but the database did not confirm the last step: @ERROR@

            The scrubber finds out: an image that the database calls active is kept, the data of any other are \
            removed and the image is queued again. The client was told to repeat the upload.
            """)

    public static let imageUpdated = Event(
        id: "f03a9217efa44f7ebc5949a228e4e26c", name: "image-updated",
        subject: "Image @IMAGE_ID@ was changed",
        explanation: """
            A client has changed attributes, properties, tags or locations of the image. REQUEST_ID= leads to \
            the request.
            """)

    public static let imageDeleted = Event(
        id: "4aefb13391b649b2b6eea6ce2b2dff33", name: "image-deleted",
        subject: "Image @IMAGE_ID@ was deleted",
        explanation: """
            A client has deleted the image. Its data are removed at once or, with delayed_delete, by the \
            scrubber after scrub_time seconds; until then glance-scrubber --restore brings it back.
            """)

    public static let imageDeactivated = Event(
        id: "4179d97f5b7b43c19a9a99878f45858b", name: "image-deactivated",
        subject: "Image @IMAGE_ID@ was deactivated",
        explanation: """
            Only administrators can download the image until it is reactivated. Its data stay as they are.
            """)

    public static let imageReactivated = Event(
        id: "3b1bed10c12c45d7b79bd0323c91e735", name: "image-reactivated",
        subject: "Image @IMAGE_ID@ was reactivated",
        explanation: """
            All clients that may see the image can download it again.
            """)

    public static let imageLocationRemoved = Event(
        id: "c28d4bf0aeaa4ef9ab8fcb637a8ae69c", name: "image-location-removed",
        subject: "Image @IMAGE_ID@ was removed from the store @STORE@",
        explanation: """
            A client has removed one copy of the image's data. The copies in other stores stay.
            """)

    public static let imageDataNotRemoved = Event(
        id: "b6f78d7cfd55412f82d8e8f5657c06b0", name: "image-data-not-removed",
        subject: "Data of image @IMAGE_ID@ could not be removed from the store @STORE@ yet",
        explanation: """
            The image or one of its locations is deleted, but its data are still there: @ERROR@

            It is tried again until it works; until then the data take room in the store. If this comes again \
            and again, look at the store, its free space and its permissions.
            """)

    public static let locationStoreUnknown = Event(
        id: "bf2fd9030ad54f70926d5e94ec0e8ac3", name: "location-store-unknown",
        subject: "No configured store holds the data of the deleted image @IMAGE_ID@",
        explanation: """
            The location in the database belongs to a store that enabled_backends does not name any more, so \
            the data cannot be removed.

            Configure the store again and the data will be removed, or remove them by hand.
            """)

    public static let imageDataUnreadable = Event(
        id: "247b61b12de94b0f9e9cf5667ee8dec8", name: "image-data-unreadable",
        subject: "Data of image @IMAGE_ID@ could not be read from the store @STORE@",
        explanation: """
            A download failed, or went on with another copy of the image in another store: @ERROR@

            Check that the store is there, that its data directory is mounted and readable for the user \
            glance, and that nobody has removed the file. An image whose only copy is gone cannot be brought \
            back except from a backup.
            """)

    public static let memberAdded = Event(
        id: "d0c0e4015e5a424899f8ee79fd030f32", name: "member-added",
        subject: "Image @IMAGE_ID@ was shared with project @MEMBER_ID@",
        explanation: """
            The owner has offered the image to another project. The members of that project can use it by its \
            id at once, and see it in their lists once they accept it.
            """)

    public static let memberStatusChanged = Event(
        id: "7252cfa3836842c59bbf57d2270a982c", name: "member-status-changed",
        subject: "Project @MEMBER_ID@ answered the offer of image @IMAGE_ID@",
        explanation: """
            The project has set its status to @STATUS@. Accepted images are in the project's list of images; \
            pending and rejected ones are not.
            """)

    public static let memberRemoved = Event(
        id: "9cdcbeb9de1643a8bf689c635ae15f7e", name: "member-removed",
        subject: "Image @IMAGE_ID@ is no longer shared with project @MEMBER_ID@",
        explanation: """
            The owner has taken the offer back. The project cannot see or use the image any more.
            """)

    public static let certificateUnavailable = Event(
        id: "cbfb47ada6b34c449c9cb21bdcedb17d", name: "certificate-unavailable",
        subject: "The certificate of the signed image @IMAGE_ID@ could not be got",
        explanation: """
            The image has properties of a signature, so its data are only taken when the signature is right, and the \
            key manager did not give out the certificate: @ERROR@

            A certificate that the user may not read, or that does not exist, is the user's to mend. When the key \
            manager cannot be reached, look at [barbican] in the configuration and at Barbican itself.
            """)

    public static let encryptionKeyKept = Event(
        id: "6fe18fac2b6147f79f053cd05bbae66b", name: "encryption-key-kept",
        subject: "The encryption key of the deleted image @IMAGE_ID@ could not be deleted",
        explanation: """
            The image said that the key in the key manager goes with it (cinder_encryption_key_deletion_policy), \
            and the key manager did not delete the key: @ERROR@

            The image is deleted. The user, or an administrator of the key manager, can delete the key KEY_ID= there.
            """)

    public static let imageContentDoubtful = Event(
        id: "e294820e4f2b49f3835faed57bf8bc97", name: "image-content-doubtful",
        subject: "The data of image @IMAGE_ID@ have not passed inspection, and are kept",
        explanation: """
            The data are not what the image is said to be, or not safe: @ERROR@

            They are kept because require_image_format_match or gpt_safety_checks_nonfatal says so, or because \
            the image was active already when the data of its location were read. Look at the image before \
            anybody starts it: whoever opens its data with a tool that guesses formats is at its mercy.
            """)
}
