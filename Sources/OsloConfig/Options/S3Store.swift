extension Options {
    /// The group `[glance_store]`.
    public enum S3Store {
        static let group = "glance_store"

        public static let s3StoreHost = Option<String?>(
            .honoured, group, "s3_store_host", default: nil,
            help: "Host or URL of the S3 service.")

        public static let s3StoreRegionName = Option<String>(
            .honoured, group, "s3_store_region_name", default: "",
            help: "Region of the bucket; services other than AWS usually need it too.")

        public static let s3StoreAccessKey = Option<String?>(
            .honoured, group, "s3_store_access_key", default: nil, secret: true,
            help: "Access key.")

        public static let s3StoreSecretKey = Option<String?>(
            .honoured, group, "s3_store_secret_key", default: nil, secret: true,
            help: "Secret key.")

        public static let s3StoreBucket = Option<String?>(
            .honoured, group, "s3_store_bucket", default: nil,
            help: "Bucket of images.")

        public static let s3StoreCreateBucketOnPut = Option<Bool>(
            .honoured, group, "s3_store_create_bucket_on_put", default: false,
            help: "Creates the bucket when the first image is stored.")

        public static let s3StoreBucketUrlFormat = Option<String>(
            .honoured, group, "s3_store_bucket_url_format", default: "auto",
            help: """
                How buckets are addressed: as part of the path, of the host name (virtual), or as it seems \
                best (auto).
                """)

        public static let s3StoreLargeObjectSize = Option<Int>(
            .honoured, group, "s3_store_large_object_size", default: 100, minimum: 0,
            help: "Size in MiB from which images are uploaded in parts.")

        public static let s3StoreLargeObjectChunkSize = Option<Int>(
            .honoured, group, "s3_store_large_object_chunk_size", default: 10,
            help: "Size of a part in MiB, at least 5.")

        public static let s3StoreThreadPools = Option<Int>(
            .honoured, group, "s3_store_thread_pools", default: 10,
            help: "How many parts are uploaded at the same time.")

        public static let s3StoreCacert = Option<String>(
            .honoured, group, "s3_store_cacert", default: "",
            help: "CA certificates to verify the service with.")

        public static let s3StoreEnableDataIntegrityProtection = Option<Bool>(
            .honoured, group, "s3_store_enable_data_integrity_protection", default: false,
            help: "Lets the service verify checksums of what it receives.")

        public static let s3StoreRequestChecksumCalculation = Option<String>(
            .honoured, group, "s3_store_request_checksum_calculation", default: "when_required",
            choices: ["when_required", "when_supported"],
            help: "When requests carry checksums.")

        public static let s3StoreResponseChecksumValidation = Option<String>(
            .noMeaning("clients verify what they download by the image's own hash"), group,
            "s3_store_response_checksum_validation", default: "when_required",
            choices: ["when_required", "when_supported"],
            help: "When checksums of answers are verified.")

        static var all: [OptionDeclaration] {
            [
                s3StoreHost.declaration, s3StoreRegionName.declaration, s3StoreAccessKey.declaration,
                s3StoreSecretKey.declaration, s3StoreBucket.declaration, s3StoreCreateBucketOnPut.declaration,
                s3StoreBucketUrlFormat.declaration, s3StoreLargeObjectSize.declaration,
                s3StoreLargeObjectChunkSize.declaration, s3StoreThreadPools.declaration, s3StoreCacert.declaration,
                s3StoreEnableDataIntegrityProtection.declaration, s3StoreRequestChecksumCalculation.declaration,
                s3StoreResponseChecksumValidation.declaration,
            ]
        }
    }
}
