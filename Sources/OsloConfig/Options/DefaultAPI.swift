extension Options.Default {
    public static let allowAnonymousAccess = Option<Bool>(
        .honoured, group, "allow_anonymous_access", default: false,
        help: "With keystone flavors: let token-less requests through as read-only, role-less context.")

    public static let maxRequestIdLength = Option<Int>(
        .honoured, group, "max_request_id_length", default: 64, minimum: 0,
        help: "Longest accepted inbound X-Openstack-Request-ID; 0 disables the check.")

    public static let publicEndpoint = Option<String?>(
        .honoured, group, "public_endpoint", default: nil,
        help: "URL prefix used in version links and as fallback self URL.")

    public static let hashingAlgorithm = Option<String>(
        .honoured, group, "hashing_algorithm", default: "sha512",
        help: "hashlib name for os_hash_algo/os_hash_value of new images.")

    public static let imageMemberQuota = Option<Int>(
        .honoured, group, "image_member_quota", default: 128,
        help: "Most members per image; negative means unlimited.")

    public static let imagePropertyQuota = Option<Int>(
        .honoured, group, "image_property_quota", default: 128,
        help: "Most custom properties per image (os_glance_* excluded); negative unlimited.")

    public static let imageTagQuota = Option<Int>(
        .honoured, group, "image_tag_quota", default: 128,
        help: "Most tags per image; negative unlimited.")

    public static let imageLocationQuota = Option<Int>(
        .honoured, group, "image_location_quota", default: 10,
        help: "Most locations per image; negative unlimited.")

    public static let limitParamDefault = Option<Int>(
        .honoured, group, "limit_param_default", default: 25, minimum: 1,
        help: "Page size when the client sends no limit.")

    public static let apiLimitMax = Option<Int>(
        .honoured, group, "api_limit_max", default: 1000, minimum: 1,
        help: "Upper bound silently applied to client limit.")

    public static let showImageDirectUrl = Option<Bool>(
        .honoured, group, "show_image_direct_url", default: false,
        help: "Expose direct_url (first location) in image bodies.")

    public static let showMultipleLocations = Option<Bool>(
        .honoured, group, "show_multiple_locations", default: false, deprecated: "newer releases will drop it",
        help: "Expose locations array and allow PATCH of locations (OSSN-0090).")

    public static let doSecureHash = Option<Bool>(
        .notYet, group, "do_secure_hash", default: true,
        help: "Compute multihash in background after POST locations when no hash supplied.")

    public static let httpRetries = Option<Int>(
        .notYet, group, "http_retries", default: 3,
        help: "Retries of the location-hash calculation on store errors.")

    public static let imageSizeCap = Option<Int>(
        .honoured, group, "image_size_cap", default: 1_099_511_627_776, minimum: 1,
        help: "Largest accepted image in bytes (default 1 TiB; maximum 8 EiB).")

    public static let userStorageQuota = Option<Int>(
        .honoured, group, "user_storage_quota", default: 0, type: .byteCount,
        help: "Per-owner byte quota, number plus optional B/KB/MB/GB/TB; 0 unlimited.")

    public static let useKeystoneLimits = Option<Bool>(
        .notYet, group, "use_keystone_limits", default: false,
        help: "Use Keystone unified limits; then user_storage_quota is ignored.")

    public static let pydevWorkerDebugHost = Option<String?>(
        .noMeaning("there is no Python process to debug"), group, "pydev_worker_debug_host", default: nil,
        type: .host,
        help: "Host of a PyDev debugger; developer aid.")

    public static let pydevWorkerDebugPort = Option<Int>(
        .noMeaning("there is no Python process to debug"), group, "pydev_worker_debug_port", default: 5678,
        type: .port,
        help: "Port of the PyDev debugger.")

    public static let metadataEncryptionKey = Option<String?>(
        .notYet, group, "metadata_encryption_key", default: nil, secret: true,
        deprecated: "newer releases will drop it",
        help: "AES key (16/24/32 chars) encrypting location URLs stored in DB.")

    public static let digestAlgorithm = Option<String>(
        .noMeaning("Glance itself has not used it since signatures name their own digest"), group,
        "digest_algorithm", default: "sha256", deprecated: "newer releases will drop it",
        help: "Digest name for (old) signature support; no functional effect left.")

    public static let nodeStagingUri = Option<String>(
        .notYet, group, "node_staging_uri", default: "file:///tmp/staging/",
        help: "file:// staging directory used when enabled_backends is unset.")

    public static let enabledImportMethods = Option<[String]>(
        .notYet, group, "enabled_import_methods", default: ["glance-direct", "web-download", "copy-image"],
        type: .list(.string, bounded: true),
        help: "Import methods offered; bracketed list; [] disables the feature.")

    public static let workerSelfReferenceUrl = Option<String?>(
        .notYet, group, "worker_self_reference_url", default: nil,
        help: "URL by which sibling nodes reach this node (staging proxy, cache rows).")

    public static let propertyProtectionFile = Option<String?>(
        .notYet, group, "property_protection_file", default: nil,
        help: "INI file of per-property CRUD rules; unset disables protection.")

    public static let propertyProtectionRuleFormat = Option<String>(
        .notYet, group, "property_protection_rule_format", default: "roles", choices: ["roles", "policies"],
        help: "Whether that file holds roles or policy names.")

    public static let enabledBackends = Option<OptionDictionary>(
        .honoured, group, "enabled_backends", default: [:],
        help: "Store id to type map, e.g. fast:rbd,slow:file; switches multi-store on.")

    public static let defaultPublisherId = Option<String>(
        .notYet, group, "default_publisher_id", default: "image.localhost",
        help: "publisher_id in notification envelopes.")

    public static let disabledNotifications = Option<[String]>(
        .notYet, group, "disabled_notifications", default: [],
        help: "Event types or groups (image, task, metadef_tag …) not emitted.")

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
