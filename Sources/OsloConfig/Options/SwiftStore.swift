extension Options {
    /// The group `[glance_store]`.
    public enum SwiftStore {
        static let group = "glance_store"

        public static let swiftStoreAuthInsecure = Option<Bool>(
            .honoured, group, "swift_store_auth_insecure", default: false,
            help: "Does not verify the certificates of Keystone and Swift.")

        public static let swiftStoreCacert = Option<String?>(
            .honoured, group, "swift_store_cacert", default: nil,
            help: "CA certificates to verify them with.")

        public static let swiftStoreRegion = Option<String?>(
            .honoured, group, "swift_store_region", default: nil,
            help: "Region of the Swift endpoint.")

        public static let swiftStoreEndpoint = Option<String?>(
            .honoured, group, "swift_store_endpoint", default: nil,
            help: "Storage URL to use instead of the one in the catalog.")

        public static let swiftStoreEndpointType = Option<String>(
            .honoured, group, "swift_store_endpoint_type", default: "publicURL",
            choices: ["publicURL", "adminURL", "internalURL"],
            help: "Interface of the endpoint in the catalog.")

        public static let swiftStoreServiceType = Option<String>(
            .honoured, group, "swift_store_service_type", default: "object-store",
            help: "Service type of Swift in the catalog.")

        public static let swiftStoreContainer = Option<String>(
            .honoured, group, "swift_store_container", default: "glance",
            help: "Container of images, or what the names of containers begin with.")

        public static let swiftStoreLargeObjectSize = Option<Int>(
            .honoured, group, "swift_store_large_object_size", default: 5120, minimum: 1,
            help: "Size from which images are stored in segments, in thousands of KiB.")

        public static let swiftStoreLargeObjectChunkSize = Option<Int>(
            .honoured, group, "swift_store_large_object_chunk_size", default: 200, minimum: 1,
            help: "Size of a segment in thousands of KiB.")

        public static let swiftStoreCreateContainerOnPut = Option<Bool>(
            .honoured, group, "swift_store_create_container_on_put", default: false,
            help: "Creates a missing container when an image is stored.")

        public static let swiftStoreMultiTenant = Option<Bool>(
            .honoured, group, "swift_store_multi_tenant", default: false,
            help: "Stores images in the accounts of their owners.")

        public static let swiftStoreMultipleContainersSeed = Option<Int>(
            .honoured, group, "swift_store_multiple_containers_seed", default: 0, minimum: 0, maximum: 32,
            help: """
                How many characters of an image's id distinguish containers, to spread images over many; 0 \
                uses one container.
                """)

        public static let swiftStoreAdminTenants = Option<[String]>(
            .honoured, group, "swift_store_admin_tenants", default: [],
            help: "Projects that may read and write every container, with swift_store_multi_tenant.")

        public static let swiftStoreSslCompression = Option<Bool>(
            .noMeaning("TLS is never compressed"), group, "swift_store_ssl_compression", default: true,
            help: "Compresses TLS traffic.")

        public static let swiftStoreRetryGetCount = Option<Int>(
            .honoured, group, "swift_store_retry_get_count", default: 0, minimum: 0,
            help: "How often an interrupted download is taken up again.")

        public static let swiftStoreExpireSoonInterval = Option<Int>(
            .honoured, group, "swift_store_expire_soon_interval", default: 60, minimum: 0,
            help: "Seconds before a token expires at which it is renewed.")

        public static let swiftStoreUseTrusts = Option<Bool>(
            .honoured, group, "swift_store_use_trusts", default: true,
            help: "Uses Keystone trusts so that long transfers outlive the user's token.")

        public static let swiftBufferOnUpload = Option<Bool>(
            .noMeaning("segments are streamed, never kept on disk"), group, "swift_buffer_on_upload", default: false,
            help: "Keeps each segment on disk until it is stored, so that it can be sent again.")

        public static let defaultSwiftReference = Option<String>(
            .honoured, group, "default_swift_reference", default: "ref1",
            help: "Section of swift_store_config_file whose account takes new images.")

        public static let swiftStoreAuthVersion = Option<String>(
            .honoured, group, "swift_store_auth_version", default: "3", choices: ["3", "2", "1"],
            deprecated: "Keystone has version 3 only",
            help: """
                Version of the Identity API; 1 is Swift's own authentication (TempAuth), and 2 means 3, since \
                Keystone has it no more.
                """)

        public static let swiftStoreAuthAddress = Option<String?>(
            .honoured, group, "swift_store_auth_address", default: nil,
            deprecated: "put the account into swift_store_config_file",
            help: "URL of Keystone.")

        public static let swiftStoreUser = Option<String?>(
            .honoured, group, "swift_store_user", default: nil, secret: true,
            deprecated: "put the account into swift_store_config_file",
            help: "Account as project:user.")

        public static let swiftStoreKey = Option<String?>(
            .honoured, group, "swift_store_key", default: nil, secret: true,
            deprecated: "put the account into swift_store_config_file",
            help: "Password of that account.")

        public static let swiftStoreApplicationCredentialId = Option<String?>(
            .honoured, group, "swift_store_application_credential_id", default: nil, secret: true,
            help: "Id of an application credential to use instead of a password.")

        public static let swiftStoreApplicationCredentialSecret = Option<String?>(
            .honoured, group, "swift_store_application_credential_secret", default: nil, secret: true,
            help: "Its secret.")

        public static let swiftStoreProjectName = Option<String?>(
            .noMeaning("an application credential is of one project"), group, "swift_store_project_name", default: nil,
            deprecated: "put the account into swift_store_config_file",
            help: "Project of that account by name.")

        public static let swiftStoreProjectId = Option<String?>(
            .noMeaning("an application credential is of one project"), group, "swift_store_project_id", default: nil,
            deprecated: "put the account into swift_store_config_file",
            help: "Project of that account by id.")

        public static let swiftStoreConfigFile = Option<String?>(
            .honoured, group, "swift_store_config_file", default: nil,
            help: "File with Swift accounts, one section for each reference.")

        public static let swiftUploadBufferDir = Option<String?>(
            .noMeaning("segments are streamed, never kept on disk"), group, "swift_upload_buffer_dir", default: nil,
            help: "Directory of segments for swift_buffer_on_upload.")

        static var all: [OptionDeclaration] {
            [
                swiftStoreAuthInsecure.declaration, swiftStoreCacert.declaration, swiftStoreRegion.declaration,
                swiftStoreEndpoint.declaration, swiftStoreEndpointType.declaration, swiftStoreServiceType.declaration,
                swiftStoreContainer.declaration, swiftStoreLargeObjectSize.declaration,
                swiftStoreLargeObjectChunkSize.declaration, swiftStoreCreateContainerOnPut.declaration,
                swiftStoreMultiTenant.declaration, swiftStoreMultipleContainersSeed.declaration,
                swiftStoreAdminTenants.declaration, swiftStoreSslCompression.declaration,
                swiftStoreRetryGetCount.declaration, swiftStoreExpireSoonInterval.declaration,
                swiftStoreUseTrusts.declaration, swiftBufferOnUpload.declaration, defaultSwiftReference.declaration,
                swiftStoreAuthVersion.declaration, swiftStoreAuthAddress.declaration, swiftStoreUser.declaration,
                swiftStoreKey.declaration, swiftStoreApplicationCredentialId.declaration,
                swiftStoreApplicationCredentialSecret.declaration, swiftStoreProjectName.declaration,
                swiftStoreProjectId.declaration, swiftStoreConfigFile.declaration, swiftUploadBufferDir.declaration,
            ]
        }
    }
}
