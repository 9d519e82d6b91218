package import Identity
package import ImageStore
package import NFSMount
package import OsloConfig
package import OutgoingHTTP
import RBD

/// The options `cinder_*` of one store.
package struct CinderSettings: Sendable {
    /// Who owns the volumes; nil is the user of the request.
    package var account: KeystoneSettings?
    /// How the catalog lists Cinder.
    package var serviceType = "volumev3"
    package var interface = "public"
    package var region: String?
    /// Instead of the catalog's address, where the user of the request owns the volumes.
    package var endpointTemplate: String?
    package var tls = TLSSettings()
    package var retries = 3
    /// How long a volume may take from one state to another.
    package var stateTimeout: Duration = .seconds(300)
    /// nil is Cinder's default.
    package var volumeType: String?
    /// Whether volumes grow while they are attached.
    package var growsAttached = false
    package var attachmentAttempts = 5
    /// Options of Ceph for volumes of the kind rbd, beside those that Cinder tells: where the key is, in tests.
    package var cephOptions: [String: String] = [:]

    /// Below it, an export that the operator has mounted is found by the SHA-256 of its name.
    package var mountPoints = "/var/lib/glance/mnt"
    package var mountHelper = MountClient()
    package var exportList = ExportList.path

    package init(account: KeystoneSettings?) { self.account = account }

    /// The settings of the store `store`.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    package init(configuration: Configuration, store: String) throws(StoreError) {
        func text(_ option: Option<String?>) -> String? {
            let text = configuration.value(option, store: store)
            return text == "" ? nil : text
        }
        typealias Cinder = Options.CinderStore
        tls.caFile = text(Cinder.cinderCaCertificatesFile)
        tls.isInsecure = configuration.value(Cinder.cinderApiInsecure, store: store)
        region = text(Cinder.cinderOsRegionName)
        account = Self.account(configuration, store)
        account?.tls = tls
        account?.regionName = region
        account?.section = store
        let catalog = configuration.value(Cinder.cinderCatalogInfo, store: store)
            .split(separator: ":", omittingEmptySubsequences: false)
        guard catalog.count == 3, !catalog[0].isEmpty, ["publicURL", "internalURL", "adminURL"].contains(catalog[2])
        else {
            throw .badConfiguration(
                "store \(store): cinder_catalog_info must be of the form service type:service name:publicURL, internalURL or "
                    + "adminURL")
        }
        serviceType = String(catalog[0])
        interface = String(catalog[2].dropLast(3))
        endpointTemplate = text(Cinder.cinderEndpointTemplate)
        retries = configuration.value(Cinder.cinderHttpRetries, store: store)
        stateTimeout = .seconds(configuration.value(Cinder.cinderStateTransitionTimeout, store: store))
        volumeType = text(Cinder.cinderVolumeType)
        growsAttached = configuration.value(Cinder.cinderDoExtendAttached, store: store)
        mountPoints = configuration.value(Cinder.cinderMountPointBase, store: store)
        attachmentAttempts = configuration.value(Cinder.cinderAttachmentRetryAttempts, store: store)
        if configuration.value(Cinder.cinderEnforceMultipath, store: store) {
            throw .badConfiguration(
                "store \(store): cinder_enforce_multipath: no kind of volume that this release attaches has several paths"
            )
        }
    }

    /// Complete credentials count, as in Glance; others are none.
    private static func account(_ configuration: Configuration, _ store: String) -> KeystoneSettings? {
        typealias Cinder = Options.CinderStore
        func text(_ option: Option<String?>) -> String? {
            let text = configuration.value(option, store: store)
            return text == "" ? nil : text
        }
        guard let address = text(Cinder.cinderStoreAuthAddress) else { return nil }
        if let id = text(Cinder.cinderStoreApplicationCredentialId),
            let secret = text(Cinder.cinderStoreApplicationCredentialSecret)
        {
            return KeystoneSettings(
                authURL: address, credentials: .applicationCredential(id: id, secret: secret), scope: .implied)
        }
        guard let user = text(Cinder.cinderStoreUserName), let password = text(Cinder.cinderStorePassword),
            let project = text(Cinder.cinderStoreProjectName)
        else { return nil }
        return KeystoneSettings(
            authURL: address,
            credentials: .password(
                .name(user, .name(configuration.value(Cinder.cinderStoreUserDomainName, store: store))),
                password: password),
            scope: .project(
                project, .name(configuration.value(Cinder.cinderStoreProjectDomainName, store: store))))
    }
}
