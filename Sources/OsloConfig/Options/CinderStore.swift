extension Options {
    /// The group `[glance_store]`.
    public enum CinderStore {
        static let group = "glance_store"

        public static let cinderCatalogInfo = Option<String>(
            .honoured, group, "cinder_catalog_info", default: "volumev3::publicURL",
            help: "Where the catalog lists Cinder, as service type:service name:interface.")

        public static let cinderEndpointTemplate = Option<String?>(
            .honoured, group, "cinder_endpoint_template", default: nil,
            help: "URL of Cinder to use instead of the catalog's, with the project's id as %(tenant_id)s.")

        public static let cinderOsRegionName = Option<String?>(
            .honoured, group, "cinder_os_region_name", default: nil, oldNames: ["os_region_name"],
            help: "Region of Cinder in the catalog.")

        public static let cinderCaCertificatesFile = Option<String?>(
            .honoured, group, "cinder_ca_certificates_file", default: nil,
            help: "CA certificates to verify Cinder with.")

        public static let cinderHttpRetries = Option<Int>(
            .honoured, group, "cinder_http_retries", default: 3,
            help: "How often a failed call is tried again.")

        public static let cinderStateTransitionTimeout = Option<Int>(
            .honoured, group, "cinder_state_transition_timeout", default: 300,
            help: "Seconds to wait for a volume to become ready.")

        public static let cinderApiInsecure = Option<Bool>(
            .honoured, group, "cinder_api_insecure", default: false,
            help: "Does not verify Cinder's certificate.")

        public static let cinderStoreAuthAddress = Option<String?>(
            .honoured, group, "cinder_store_auth_address", default: nil,
            help: "URL of Keystone for the account that owns the volumes; without it the caller owns them.")

        public static let cinderStoreUserName = Option<String?>(
            .honoured, group, "cinder_store_user_name", default: nil,
            help: "User of that account.")

        public static let cinderStorePassword = Option<String?>(
            .honoured, group, "cinder_store_password", default: nil, secret: true,
            help: "Password of that user.")

        public static let cinderStoreUserDomainName = Option<String>(
            .honoured, group, "cinder_store_user_domain_name", default: "Default",
            help: "Domain of that user.")

        public static let cinderStoreProjectName = Option<String?>(
            .honoured, group, "cinder_store_project_name", default: nil,
            help: "Project that owns the volumes.")

        public static let cinderStoreProjectDomainName = Option<String>(
            .honoured, group, "cinder_store_project_domain_name", default: "Default",
            help: "Domain of that project.")

        public static let cinderStoreApplicationCredentialId = Option<String?>(
            .honoured, group, "cinder_store_application_credential_id", default: nil,
            help: "Id of an application credential to use instead of a password.")

        public static let cinderStoreApplicationCredentialSecret = Option<String?>(
            .honoured, group, "cinder_store_application_credential_secret", default: nil, secret: true,
            help: "Its secret.")

        public static let rootwrapConfig = Option<String>(
            .noMeaning("no helper is run with root's rights; NFS has the unit openstack-glance-mount.socket"), group,
            "rootwrap_config",
            default: "/etc/glance/rootwrap.conf",
            help: "Configuration of the helper that attaches volumes with root's rights.")

        public static let cinderVolumeType = Option<String?>(
            .honoured, group, "cinder_volume_type", default: nil,
            help: "Type of the volumes.")

        public static let cinderEnforceMultipath = Option<Bool>(
            .honoured, group, "cinder_enforce_multipath", default: false,
            help: "Fails when volumes cannot be attached by several paths.")

        public static let cinderUseMultipath = Option<Bool>(
            .noMeaning("volumes of the kinds rbd and nfs have no paths"), group, "cinder_use_multipath", default: false,
            help: "Attaches volumes by several paths where that is possible.")

        public static let cinderMountPointBase = Option<String>(
            .honoured, group, "cinder_mount_point_base", default: "/var/lib/glance/mnt",
            help: "Directory below which the operator may mount NFS exports, each by the SHA-256 of its name.")

        public static let cinderDoExtendAttached = Option<Bool>(
            .honoured, group, "cinder_do_extend_attached", default: false,
            help: "Grows volumes while they are attached.")

        public static let cinderAttachmentRetryAttempts = Option<Int>(
            .honoured, group, "cinder_attachment_retry_attempts", default: 5,
            help: "How often an attachment that conflicts with another is tried again.")

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
