extension Options {
    /// The group `[glance_store]`.
    public enum SwiftStore {
        static let group = "glance_store"

        public static let swiftStoreAuthInsecure = Option<Bool>(
            .notYet, group, "swift_store_auth_insecure", default: false,
            help: "Skip TLS verification.")

        public static let swiftStoreCacert = Option<String?>(
            .notYet, group, "swift_store_cacert", default: nil,
            help: "CA bundle.")

        public static let swiftStoreRegion = Option<String?>(
            .notYet, group, "swift_store_region", default: nil,
            help: "Region.")

        public static let swiftStoreEndpoint = Option<String?>(
            .notYet, group, "swift_store_endpoint", default: nil,
            help: "Fixed storage URL.")

        public static let swiftStoreEndpointType = Option<String>(
            .notYet, group, "swift_store_endpoint_type", default: "publicURL",
            choices: ["publicURL", "adminURL", "internalURL"],
            help: "Catalog interface.")

        public static let swiftStoreServiceType = Option<String>(
            .notYet, group, "swift_store_service_type", default: "object-store",
            help: "Catalog service type.")

        public static let swiftStoreContainer = Option<String>(
            .notYet, group, "swift_store_container", default: "glance",
            help: "Container (prefix).")

        public static let swiftStoreLargeObjectSize = Option<Int>(
            .notYet, group, "swift_store_large_object_size", default: 5120, minimum: 1,
            help: "MiB above which segments are used.")

        public static let swiftStoreLargeObjectChunkSize = Option<Int>(
            .notYet, group, "swift_store_large_object_chunk_size", default: 200, minimum: 1,
            help: "Segment size in MiB.")

        public static let swiftStoreCreateContainerOnPut = Option<Bool>(
            .notYet, group, "swift_store_create_container_on_put", default: false,
            help: "Create container if missing.")

        public static let swiftStoreMultiTenant = Option<Bool>(
            .notYet, group, "swift_store_multi_tenant", default: false,
            help: "Store in the user's account.")

        public static let swiftStoreMultipleContainersSeed = Option<Int>(
            .notYet, group, "swift_store_multiple_containers_seed", default: 0, minimum: 0, maximum: 32,
            help: "0–32 hex digits of image id used for container names.")

        public static let swiftStoreAdminTenants = Option<[String]>(
            .notYet, group, "swift_store_admin_tenants", default: [],
            help: "Projects given access (multi-tenant).")

        public static let swiftStoreSslCompression = Option<Bool>(
            .notYet, group, "swift_store_ssl_compression", default: true,
            help: "TLS compression.")

        public static let swiftStoreRetryGetCount = Option<Int>(
            .notYet, group, "swift_store_retry_get_count", default: 0, minimum: 0,
            help: "Re-open attempts during download.")

        public static let swiftStoreExpireSoonInterval = Option<Int>(
            .notYet, group, "swift_store_expire_soon_interval", default: 60, minimum: 0,
            help: "Seconds before expiry to renew the token.")

        public static let swiftStoreUseTrusts = Option<Bool>(
            .notYet, group, "swift_store_use_trusts", default: true,
            help: "Use Keystone trusts for long transfers.")

        public static let swiftBufferOnUpload = Option<Bool>(
            .notYet, group, "swift_buffer_on_upload", default: false,
            help: "Buffer each segment on disk to allow retries.")

        public static let defaultSwiftReference = Option<String>(
            .notYet, group, "default_swift_reference", default: "ref1",
            help: "Section of swift_store_config_file for new images.")

        public static let swiftStoreAuthVersion = Option<String>(
            .notYet, group, "swift_store_auth_version", default: "3", choices: ["3"],
            deprecated: "newer releases will drop it",
            help: "Auth version (deprecated; only 3).")

        public static let swiftStoreAuthAddress = Option<String?>(
            .notYet, group, "swift_store_auth_address", default: nil, deprecated: "newer releases will drop it",
            help: "Keystone URL (deprecated).")

        public static let swiftStoreUser = Option<String?>(
            .notYet, group, "swift_store_user", default: nil, secret: true, deprecated: "newer releases will drop it",
            help: "project:user (deprecated).")

        public static let swiftStoreKey = Option<String?>(
            .notYet, group, "swift_store_key", default: nil, secret: true, deprecated: "newer releases will drop it",
            help: "Password (deprecated).")

        public static let swiftStoreApplicationCredentialId = Option<String?>(
            .notYet, group, "swift_store_application_credential_id", default: nil, secret: true,
            help: "Application credential id.")

        public static let swiftStoreApplicationCredentialSecret = Option<String?>(
            .notYet, group, "swift_store_application_credential_secret", default: nil, secret: true,
            help: "Its secret.")

        public static let swiftStoreProjectName = Option<String?>(
            .notYet, group, "swift_store_project_name", default: nil, deprecated: "newer releases will drop it",
            help: "Project name (deprecated).")

        public static let swiftStoreProjectId = Option<String?>(
            .notYet, group, "swift_store_project_id", default: nil, deprecated: "newer releases will drop it",
            help: "Project id (deprecated).")

        public static let swiftStoreConfigFile = Option<String?>(
            .notYet, group, "swift_store_config_file", default: nil,
            help: "File with accounts (references).")

        public static let swiftUploadBufferDir = Option<String?>(
            .notYet, group, "swift_upload_buffer_dir", default: nil,
            help: "Directory of those buffers.")

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
