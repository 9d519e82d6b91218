extension Options {
    /// The group `[glance_store]`.
    public enum CinderStore {
        static let group = "glance_store"

        public static let cinderCatalogInfo = Option<String>(
            .notYet, group, "cinder_catalog_info", default: "volumev3::publicURL",
            help: "service_type:service_name:interface of Cinder.")

        public static let cinderEndpointTemplate = Option<String?>(
            .notYet, group, "cinder_endpoint_template", default: nil,
            help: "Fixed endpoint with `%(tenant_id)s`-like fields.")

        public static let cinderOsRegionName = Option<String?>(
            .notYet, group, "cinder_os_region_name", default: nil, oldNames: ["os_region_name"],
            help: "Region (old name `os_region_name`).")

        public static let cinderCaCertificatesFile = Option<String?>(
            .notYet, group, "cinder_ca_certificates_file", default: nil,
            help: "CA bundle.")

        public static let cinderHttpRetries = Option<Int>(
            .notYet, group, "cinder_http_retries", default: 3,
            help: "HTTP retries.")

        public static let cinderStateTransitionTimeout = Option<Int>(
            .notYet, group, "cinder_state_transition_timeout", default: 300,
            help: "Seconds to wait for volume states.")

        public static let cinderApiInsecure = Option<Bool>(
            .notYet, group, "cinder_api_insecure", default: false,
            help: "Skip TLS verification.")

        public static let cinderStoreAuthAddress = Option<String?>(
            .notYet, group, "cinder_store_auth_address", default: nil,
            help: "Keystone URL; unset = use the request's context.")

        public static let cinderStoreUserName = Option<String?>(
            .notYet, group, "cinder_store_user_name", default: nil,
            help: "Credentials of the service project.")

        public static let cinderStorePassword = Option<String?>(
            .notYet, group, "cinder_store_password", default: nil, secret: true,
            help: "Credentials of the service project.")

        public static let cinderStoreUserDomainName = Option<String>(
            .notYet, group, "cinder_store_user_domain_name", default: "Default",
            help: "User domain.")

        public static let cinderStoreProjectName = Option<String?>(
            .notYet, group, "cinder_store_project_name", default: nil,
            help: "Project owning the image volumes.")

        public static let cinderStoreProjectDomainName = Option<String>(
            .notYet, group, "cinder_store_project_domain_name", default: "Default",
            help: "Its domain.")

        public static let cinderStoreApplicationCredentialId = Option<String?>(
            .notYet, group, "cinder_store_application_credential_id", default: nil,
            help: "Application credential (not in Zed).")

        public static let cinderStoreApplicationCredentialSecret = Option<String?>(
            .notYet, group, "cinder_store_application_credential_secret", default: nil, secret: true,
            help: "Application credential (not in Zed).")

        public static let rootwrapConfig = Option<String>(
            .notYet, group, "rootwrap_config", default: "/etc/glance/rootwrap.conf",
            help: "Privileged helper configuration.")

        public static let cinderVolumeType = Option<String?>(
            .notYet, group, "cinder_volume_type", default: nil,
            help: "Volume type of image volumes; validated at start.")

        public static let cinderEnforceMultipath = Option<Bool>(
            .notYet, group, "cinder_enforce_multipath", default: false,
            help: "Fail without multipathd.")

        public static let cinderUseMultipath = Option<Bool>(
            .notYet, group, "cinder_use_multipath", default: false,
            help: "Attach through multipath.")

        public static let cinderMountPointBase = Option<String>(
            .notYet, group, "cinder_mount_point_base", default: "/var/lib/glance/mnt",
            help: "Where NFS volumes are mounted.")

        public static let cinderDoExtendAttached = Option<Bool>(
            .notYet, group, "cinder_do_extend_attached", default: false,
            help: "Grow volumes while attached (not in Zed).")

        public static let cinderAttachmentRetryAttempts = Option<Int>(
            .notYet, group, "cinder_attachment_retry_attempts", default: 5,
            help: "Attach retries on conflict (not in Zed).")

        static var all: [OptionDeclaration] {
            [
                cinderCatalogInfo.declaration, cinderEndpointTemplate.declaration, cinderOsRegionName.declaration,
                cinderCaCertificatesFile.declaration, cinderHttpRetries.declaration,
                cinderStateTransitionTimeout.declaration, cinderApiInsecure.declaration,
                cinderStoreAuthAddress.declaration, cinderStoreUserName.declaration, cinderStorePassword.declaration,
                cinderStoreUserDomainName.declaration, cinderStoreProjectName.declaration,
                cinderStoreProjectDomainName.declaration, cinderStoreApplicationCredentialId.declaration,
                cinderStoreApplicationCredentialSecret.declaration, rootwrapConfig.declaration,
                cinderVolumeType.declaration, cinderEnforceMultipath.declaration, cinderUseMultipath.declaration,
                cinderMountPointBase.declaration, cinderDoExtendAttached.declaration,
                cinderAttachmentRetryAttempts.declaration,
            ]
        }
    }
}
