import ImageStore
import OsloConfig
import OutgoingHTTP

/// The options `s3_store_*` of one store.
struct S3Settings: Sendable {
    var endpoint: S3Endpoint
    var region: String
    /// Whether an option names the region; else it is what S3 itself takes where none is named.
    var namesRegion: Bool
    var bucket: String
    var credentials: S3CredentialSource
    var createsBucket = false
    /// Bytes from which an image is uploaded in parts.
    var largeObjectSize: Int64 = 100 << 20
    /// Bytes of a part.
    var partSize = 10 << 20
    /// Parts of one image in flight.
    var partsInFlight = 10
    /// Certificates to trust, a file or a directory; nil are the system's.
    var certificateAuthorities: String?
    /// Whether objects get the checksum, SHA-256, that the service keeps and shows.
    var storesChecksums = false

    /// Parts that are larger are not held until the service has them, but sent as they come.
    var largestHeldPart = Self.largestPart

    /// Larger ones only where 10,000 parts would not do.
    static let largestPart = 32 << 20
    private static let defaultRegion = "us-east-1"

    /// The settings of the store `store`.
    ///
    /// - Parameter environment: of the process, where credentials may come from.
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    init(
        configuration: Configuration, store: String,
        environment: [String: String] = S3CredentialSource.environment
    ) throws(StoreError) {
        func wrong(_ option: String, _ text: String) -> StoreError {
            .badConfiguration("store \(store): \(option): \(text)")
        }
        typealias S3 = Options.S3Store
        let host = configuration.value(S3.s3StoreHost, store: store) ?? ""
        guard !host.isEmpty else { throw wrong("s3_store_host", "it must be set") }
        let format = configuration.value(S3.s3StoreBucketUrlFormat, store: store)
        guard let addressing = S3Endpoint.Addressing(rawValue: format) else {
            throw wrong("s3_store_bucket_url_format", "'\(format)' is none of auto, path, virtual")
        }
        guard let endpoint = S3Endpoint(host, addressing: addressing) else {
            throw wrong("s3_store_host", "it must be a host with an optional port, or an http or https URL of it")
        }
        self.endpoint = endpoint
        bucket = configuration.value(S3.s3StoreBucket, store: store) ?? ""
        guard !bucket.isEmpty else { throw wrong("s3_store_bucket", "it must be set") }
        guard !bucket.contains(where: { "/?# ".contains($0) }) else {
            throw wrong("s3_store_bucket", "'\(bucket)' cannot be the name of a bucket")
        }
        if addressing == .virtual, !S3Endpoint.isHostName(bucket) {
            throw wrong(
                "s3_store_bucket",
                "'\(bucket)' cannot be a part of a host's name, as s3_store_bucket_url_format wants it")
        }
        let region = configuration.value(S3.s3StoreRegionName, store: store)
        namesRegion = !region.isEmpty
        self.region = namesRegion ? region : endpoint.regionOfHost ?? Self.defaultRegion

        let accessKey = configuration.value(S3.s3StoreAccessKey, store: store) ?? ""
        let secretKey = configuration.value(S3.s3StoreSecretKey, store: store) ?? ""
        guard accessKey.isEmpty == secretKey.isEmpty else {
            throw wrong(
                accessKey.isEmpty ? "s3_store_access_key" : "s3_store_secret_key",
                "it must be set when the other one of the two keys is")
        }
        guard
            let credentials = S3CredentialSource(
                accessKey: accessKey, secretKey: secretKey, environment: environment), credentials.load() != nil
        else {
            throw wrong(
                "s3_store_access_key",
                "it must be set, with s3_store_secret_key; neither the environment nor a profile has credentials either"
            )
        }
        self.credentials = credentials

        createsBucket = configuration.value(S3.s3StoreCreateBucketOnPut, store: store)
        // Mebibytes; none is larger than an object of S3 may be, 5 TiB.
        largeObjectSize = Int64(min(configuration.value(S3.s3StoreLargeObjectSize, store: store), 5 << 20)) << 20
        let chunk = configuration.value(S3.s3StoreLargeObjectChunkSize, store: store)
        guard (5...5120).contains(chunk) else {
            throw wrong("s3_store_large_object_chunk_size", "it must be from 5 to 5120 MiB")
        }
        partSize = min(chunk << 20, Self.largestPart)
        partsInFlight = configuration.value(S3.s3StoreThreadPools, store: store)
        guard partsInFlight > 0 else { throw wrong("s3_store_thread_pools", "it must be greater than zero") }
        let authorities = configuration.value(S3.s3StoreCacert, store: store)
        certificateAuthorities = authorities.isEmpty ? nil : authorities
        storesChecksums =
            configuration.value(S3.s3StoreEnableDataIntegrityProtection, store: store)
            && configuration.value(S3.s3StoreRequestChecksumCalculation, store: store) == "when_supported"
    }
}
