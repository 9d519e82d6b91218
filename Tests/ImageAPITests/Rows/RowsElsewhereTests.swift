import Foundation
import Testing

/// Rows of the Images API that need more than this process: a real Keystone, a broker of keys, several nodes, importers that
/// run. Each is named here with the test that shows it, so that nobody looks for them in vain.
@Suite struct RowsElsewhereTests {
    /// By what is shown, the file below `Tests/` and the function.
    static let rows: [(text: String, test: String)] = [
        // Versions and the pipeline
        ("GET /healthcheck: 503 with a file that disables the service", "ImageAPITests/MiddlewareTests followsTheFile"),
        (
            "the list of versions follows enabled_backends and image_cache_dir",
            "ImageAPITests/VersionTests listsVersions"
        ),
        ("href follows public_endpoint, or the request", "ImageAPITests/VersionTests linksWithTheClientsURL"),
        ("OPTIONS: what the origin is allowed", "ImageAPITests/MiddlewareTests answersPreflight"),
        ("500: no details", "ImageAPITests/ErrorResponseTests hidesWhatIsNotForClients"),
        ("401, 503 by a real Keystone", "Integration/KeystoneTests tokensAreAskedFor"),
        // Images
        (
            "additional properties with types, by schema-image.json",
            "ImageAPITests/Schemas/SchemasTests customPropertiesInBothForms"
        ),
        (
            "required properties of schema-image.json",
            "ImageAPITests/Images/ImageDraftTests requiredPropertiesMustBeThere"
        ),
        (
            "POST, PATCH: 403 by property protections",
            "ImageServiceTests/PropertyProtectionTests changesAndRemovesWhatTheRolesMay"
        ),
        ("POST /v2/images: 413 beyond image_count_total", "UnifiedLimitsTests/TwoNodesTests noLimitIsEverPassed"),
        (
            "POST /v2/images: 413 beyond image_count_total, side by side",
            "ImageDatabaseTests/LimitTests parallelCreationsNeverPassACount"
        ),
        (
            "GET /v2/images: pages of any order and filter are the whole list",
            "ImageDatabaseTests/ListTests pagesTogetherAreTheWholeListForRandomImagesAndQueries"
        ),
        (
            "direct_url: the location of the heaviest store",
            "ImageAPITests/Images/ImageDocumentTests directURLIsThatOfTheHeaviestStore"
        ),
        (
            "DELETE: the key of an encrypted image goes by its deletion policy",
            "ImageServiceTests/SignedImageTests theKeyManagerDecidesAboutSignedAndEncryptedImages"
        ),
        (
            "DELETE: a running import or hash job of another node ends",
            "ImageImportTests/ImportTests aDeletedImageIsNotImported"
        ),
        (
            "DELETE: what another node has staged goes with its next sweep",
            "ScrubberTests/SweepTests filesThatNobodyWaitsForGo"
        ),
        // Data
        (
            "PUT …/file: 400 when the signature does not match",
            "ImageServiceTests/SignedImageTests theKeyManagerDecidesAboutSignedAndEncryptedImages"
        ),
        (
            "PUT …/file: 400 when the client breaks off",
            "ImageServiceTests/UploadPipelineTests passesOnWhatTheBodyThrows"
        ),
        (
            "PUT …/file: 410 for an image that is deleted meanwhile",
            "ImageServiceTests/SecurityHistoryTests deletionDuringUpload"
        ),
        ("PUT …/file: 413 on a full disk", "ImageStoreTests/File/FailingDiskTests saysThatTheDiskIsFull"),
        (
            "PUT …/file: 413 beyond image_size_total, image_count_uploading",
            "ImageDatabaseTests/LimitTests parallelUploadsReachALimitToTheByteAndNeverPassIt"
        ),
        (
            "PUT …/file: 415 for content that is not safe",
            "ImageAPITests/InspectionTests whatDoesNotFitIs415WithTheReason"
        ),
        (
            "PUT …/file: never 500 for what a crash has left",
            "ImageServiceTests/ForcedOrderTests replacesWhatACrashOfPythonGlanceLeft"
        ),
        (
            "PUT …/file: 503 on a disk that denies writing",
            "ImageStoreTests/File/FailingDiskTests saysThatPermissionsAreMissing"
        ),
        ("PUT …/file: 503 on a disk that does not answer", "ImageStoreTests/BlockingPoolTests endsACallThatHangs"),
        ("PUT …/file: nothing is left, whatever kills the server", "Integration/KillTests uploadsAreWholeOrNotThere"),
        ("GET …/file: ranges work on every store", "ImageStoreTests/StoreSuite readsRanges"),
        (
            "GET …/file: with the cache, ranges and lengths as without",
            "ImageAPITests/Cache/CacheTests downloadsFromTheCacheAreAsAnyOthers"
        ),
        // Imports
        (
            "import: importing to active; staged data become the image",
            "ImageImportTests/ImportTests stagedDataBecomeTheImage"
        ),
        (
            "import: importing to queued when it fails",
            "ImageImportTests/ImportTests whatFailsLeavesAQueuedImageAndItsReason"
        ),
        (
            "import: all_stores_must_succeed = false",
            "ImageImportTests/ImportTests whatSomeStoresTakeIsEnoughWhereTheClientSaysSo"
        ),
        ("import: copy-image", "ImageImportTests/ImportTests anActiveImageIsCopied"),
        ("import: the lock holds until it is stale", "ImageImportTests/ImportTests theLockHoldsUntilItIsStale"),
        (
            "import: web-download, with the filter at each redirect",
            "ExternalHTTPTests/ExternalHTTPClientTests redirectsAreChecked"
        ),
        ("import: glance-download from another region", "Integration/ImportTests anImageComesFromAnotherRegion"),
        ("import: steps in their order", "ImportPluginsTests/ImportPluginChainTests stepsFollowEachOther"),
        (
            "import: inject_image_metadata, unless a role is ignored",
            "ImportPluginsTests/InjectedMetadataTests ignoredRolesGetNothing"
        ),
        ("import: image_decompression", "ImportPluginsTests/ImageDecompressionTests gzipIsUnpacked"),
        ("import: image_conversion", "ImportPluginsTests/ImageConversionTests formatsAreConverted"),
        ("import: the content is inspected", "ImageImportTests/InspectionTests unsafeImagesAreNotImported"),
        (
            "import: another node does what is not staged on a dead one",
            "Integration/ImportKillTests importsAreWholeOrSayWhyNot"
        ),
        (
            "locations: the hash is computed, or compared; a wrong one makes the image queued",
            "ImageImportTests/LocationTests aHashThatIsGivenIsCompared"
        ),
        // Discovery
        (
            "unified limits as a real Keystone has them",
            "UnifiedLimitsTests/LimitInquiryTests aChangeCountsForTheVeryNextRequest"
        ),
        (
            "GET /v2/info/stores/detail: a file store's directory",
            "ImageStoreTests/File/FilesystemStoreTests describesItself"
        ),
        // The cache
        ("GET /v2/cache", "ImageAPITests/Cache/CacheTests listOfCacheAndQueue"),
        ("PUT /v2/cache/{image}: 202, 400, 404", "ImageAPITests/Cache/CacheTests queueing"),
        ("PUT /v2/cache/{image}: the process fetches it", "Integration/CacheTests queuedImagesAreFetchedByTheProcess"),
        ("DELETE /v2/cache/{image}: 204, 404", "ImageAPITests/Cache/CacheTests deletion"),
        ("DELETE /v2/cache: cache, queue or both", "ImageAPITests/Cache/CacheTests clearing"),
        ("DELETE /v2/cache: 400 for another target", "ImageAPITests/Cache/CacheTests clearingSomethingElse"),
        ("GET /v2/cache/nodes/{image}: 409 unless centralized_db", "ImageAPITests/Cache/CacheTests nodes"),
        ("POST /v2/cache/clean", "ImageAPITests/Cache/CacheTests cleaning"),
        ("POST /v2/cache/prune", "ImageAPITests/Cache/CacheTests pruning"),
        ("/v2/cached_images, /v2/queued_images", "ImageAPITests/Cache/CacheTests olderInterface"),
        (
            "cache: 404 unless image_cache_dir, 403 for others than administrators",
            "ImageAPITests/Cache/CacheTests whoGetsWhat"
        ),
        // Tasks
        ("tasks: pending to success, with the image", "ImageImportTests/ImportTests anOldTaskMakesAnImage"),
        ("tasks: failure", "ImageImportTests/ImportTests aTaskThatCannotBeStoredFails"),
        ("tasks: they expire", "ScrubberTests/SweepTests tasksExpire"),
        // States
        ("states: exactly those that may follow", "ImageModelTests/ImageTests statusesFollowTheDomainTable"),
        ("states: changed only from what was read", "ImageDatabaseTests/ImageTests anUpdateNeedsTheOldStatus"),
        (
            "pending_delete to deleted: the scrubber",
            "ScrubberTests/ScrubTests imagesGoWithTheirDataWhenTheirTimeHasCome"
        ),
        ("pending_delete to active: glance-scrubber --restore", "ScrubberTests/RestoreTests anImageComesBackWhole"),
        ("saving to queued: what a crash has left", "ScrubberTests/SweepTests uploadsOfDeadProcessesEnd"),
        // Policies
        ("each policy's default in the own project", "AuthorizationTests/DefaultPoliciesTests inTheOwnProject"),
        ("each policy's default for other projects", "AuthorizationTests/DefaultPoliciesTests ofOtherProjects"),
        ("deprecated defaults", "AuthorizationTests/DefaultPoliciesTests legacyDefaultsLetEverybodyTry"),
        ("every route asks a policy", "ImageAPITests/RoutePolicyTests everyRouteAsksAPolicy"),
        // Between releases
        ("a site of Zed or 33 is taken over, and given back", "Integration/TakeOverTests thereAndBack"),
        (
            "an expired token with that of a service",
            "IdentityTests/ExpiredTokenTests onlyAServiceMakesAnExpiredTokenAcceptable"
        ),
        (
            "quotas: what waits for its removal does not count",
            "ImageDatabaseTests/ImageTests usageCountsEachLiveLocation"
        ),
        ("import: max_parallel_stores", "ImageImportTests/ImportTests storesAreWrittenSideBySide"),
    ]

    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        .standardized

    @Test(arguments: rows) func isThere(row: (text: String, test: String)) throws {
        let parts = row.test.split(separator: " ")
        let text = try String(contentsOf: Self.tests.appending(path: "\(parts[0]).swift"), encoding: .utf8)
        #expect(text.contains("func \(parts[1])("), "\(row.text)")
        #expect(text.contains("@Test"))
    }
}
