extension Options.Default {
    public static let allowAnonymousAccess = Option<Bool>(
        .honoured, group, "allow_anonymous_access", default: false,
        help: """
            Serves requests without a token as an anonymous, read-only caller without roles instead of \
            answering 401. Only matters with the keystone flavors.
            """)

    public static let maxRequestIdLength = Option<Int>(
        .honoured, group, "max_request_id_length", default: 64, minimum: 0,
        help: "Longest X-OpenStack-Request-ID that is accepted from a client; 0 accepts any length.")

    public static let publicEndpoint = Option<String?>(
        .honoured, group, "public_endpoint", default: nil,
        help: """
            URL prefix for links to the API versions, when clients reach the service by another address \
            than it sees itself, for instance through a proxy.
            """)

    public static let hashingAlgorithm = Option<String>(
        .honoured, group, "hashing_algorithm", default: "sha512",
        help: """
            Digest algorithm for os_hash_value of new images; any name that the TLS library knows. Stored \
            images keep the algorithm that they were hashed with.
            """)

    public static let imageMemberQuota = Option<Int>(
        .honoured, group, "image_member_quota", default: 128,
        help: "How many projects one image can be shared with. A negative number is no limit.")

    public static let imagePropertyQuota = Option<Int>(
        .honoured, group, "image_property_quota", default: 128,
        help: "How many custom properties one image can have. A negative number is no limit.")

    public static let imageTagQuota = Option<Int>(
        .honoured, group, "image_tag_quota", default: 128,
        help: "How many tags one image can have. A negative number is no limit.")

    public static let imageLocationQuota = Option<Int>(
        .honoured, group, "image_location_quota", default: 10,
        help: "How many locations one image can have. A negative number is no limit.")

    public static let limitParamDefault = Option<Int>(
        .honoured, group, "limit_param_default", default: 25, minimum: 1,
        help: "Number of images on a page when the client does not ask for a number.")

    public static let apiLimitMax = Option<Int>(
        .honoured, group, "api_limit_max", default: 1000, minimum: 1,
        help: "Most images on a page; a client that asks for more gets this many.")

    public static let showImageDirectUrl = Option<Bool>(
        .honoured, group, "show_image_direct_url", default: false,
        help: """
            Shows the first location of an image as direct_url. It tells clients how the store is laid \
            out, and may tell them credentials.
            """)

    public static let showMultipleLocations = Option<Bool>(
        .honoured, group, "show_multiple_locations", default: false,
        deprecated: "it lets image owners redirect reads of their images",
        help: """
            Shows all locations of an image and lets clients change them. It allows owners to point images \
            at any data the service can reach: restrict the location policies to trusted callers.
            """)

    public static let doSecureHash = Option<Bool>(
        .honoured, group, "do_secure_hash", default: true,
        help: "Computes the hash of an image that was registered by location without one, in the background.")

    public static let httpRetries = Option<Int>(
        .honoured, group, "http_retries", default: 3,
        help: "How often that hash calculation is tried again when the store fails.")

    public static let imageSizeCap = Option<Int>(
        .honoured, group, "image_size_cap", default: 1_099_511_627_776, minimum: 1,
        help: "Largest image that is accepted, in bytes. The default is 1 TiB.")

    public static let userStorageQuota = Option<Int>(
        .honoured, group, "user_storage_quota", default: 0, type: .byteCount,
        help: """
            Bytes that the images of one owner may occupy in all stores together; 0 is no limit. Units may \
            be given, as in 500 GB.
            """)

    public static let useKeystoneLimits = Option<Bool>(
        .honoured, group, "use_keystone_limits", default: false,
        help: "Takes limits from Keystone (see [oslo_limit]) instead of user_storage_quota.")

    public static let pydevWorkerDebugHost = Option<String?>(
        .noMeaning("there is no Python process to debug"), group, "pydev_worker_debug_host", default: nil,
        type: .host,
        help: "Host of a PyDev debugger that Python processes would connect to.")

    public static let pydevWorkerDebugPort = Option<Int>(
        .noMeaning("there is no Python process to debug"), group, "pydev_worker_debug_port", default: 5678,
        type: .port,
        help: "Port of that debugger.")

    public static let metadataEncryptionKey = Option<String?>(
        .honoured, group, "metadata_encryption_key", default: nil, secret: true, deprecated: "Glance will drop it",
        help:
            "AES key of 16, 24 or 32 bytes with which the URLs of image locations are encrypted in the database. The same on all nodes."
    )

    public static let digestAlgorithm = Option<String>(
        .noMeaning("Glance itself has not used it since signatures name their own digest"), group,
        "digest_algorithm", default: "sha256", deprecated: "Glance will drop it",
        help: "Digest of the first version of image signatures.")

    public static let nodeStagingUri = Option<String>(
        .notYet, group, "node_staging_uri", default: "file:///tmp/staging/",
        help: "Directory, as a file:// URI, where data waits to be imported when enabled_backends is not set.")

    public static let enabledImportMethods = Option<[String]>(
        .honoured, group, "enabled_import_methods", default: ["glance-direct", "web-download", "copy-image"],
        type: .list(.string, bounded: true),
        help: "Import methods that clients may use. An empty list, [], turns import off.")

    public static let workerSelfReferenceUrl = Option<String?>(
        .honoured, group, "worker_self_reference_url", default: nil,
        help: "URL at which other API hosts reach exactly this one, for staged data and cached images.")

    public static let propertyProtectionFile = Option<String?>(
        .honoured, group, "property_protection_file", default: nil,
        help: """
            File with rules about who may create, read, update and delete which image property. Without it \
            there are no such rules.
            """)

    public static let propertyProtectionRuleFormat = Option<String>(
        .honoured, group, "property_protection_rule_format", default: "roles", choices: ["roles", "policies"],
        help: "Whether the rules in that file name roles or policies.")

    public static let enabledBackends = Option<OptionDictionary>(
        .honoured, group, "enabled_backends", default: [:],
        help: """
            Stores, as id:type pairs such as fast:file, archive:http. Each is configured in the section \
            named like its id. Without this option [glance_store] describes the only store.
            """)

    public static let defaultPublisherId = Option<String>(
        .honoured, group, "default_publisher_id", default: "image.localhost",
        help: "Who sends notifications, in the form service.host.")

    public static let disabledNotifications = Option<[String]>(
        .honoured, group, "disabled_notifications", default: [],
        help: """
            Notifications that are not sent: single events such as image.create or whole groups such as \
            image.
            """)

    static var apiOptions: [OptionDeclaration] {
        [
            allowAnonymousAccess.declaration, maxRequestIdLength.declaration, publicEndpoint.declaration,
            hashingAlgorithm.declaration, imageMemberQuota.declaration, imagePropertyQuota.declaration,
            imageTagQuota.declaration, imageLocationQuota.declaration, limitParamDefault.declaration,
            apiLimitMax.declaration, showImageDirectUrl.declaration, showMultipleLocations.declaration,
            doSecureHash.declaration, httpRetries.declaration, imageSizeCap.declaration,
            userStorageQuota.declaration, useKeystoneLimits.declaration, pydevWorkerDebugHost.declaration,
            pydevWorkerDebugPort.declaration, metadataEncryptionKey.declaration, digestAlgorithm.declaration,
            nodeStagingUri.declaration, enabledImportMethods.declaration, workerSelfReferenceUrl.declaration,
            propertyProtectionFile.declaration, propertyProtectionRuleFormat.declaration,
            enabledBackends.declaration, defaultPublisherId.declaration, disabledNotifications.declaration,
        ]
    }
}
