import ImageStore
import OsloConfig
import Testing

@testable import CinderDriver

@Suite struct CinderSettingsTests {
    private func settings(_ options: String) throws -> CinderSettings {
        try CinderSettings(
            configuration: Configuration(text: "[DEFAULT]\nenabled_backends = vol:cinder\n[vol]\n\(options)"),
            store: "vol")
    }

    private static let account = """
        cinder_store_auth_address = http://keystone:5000/v3
        cinder_store_user_name = glance
        cinder_store_password = secret
        cinder_store_project_name = service

        """

    @Test func hasTheDefaultsOfGlance() throws {
        let settings = try settings("")
        #expect(settings.account == nil)
        #expect(settings.serviceType == "volumev3" && settings.interface == "public" && settings.region == nil)
        #expect(settings.retries == 3 && settings.stateTimeout == .seconds(300) && settings.attachmentAttempts == 5)
        #expect(settings.volumeType == nil && !settings.growsAttached && settings.endpointTemplate == nil)
        #expect(!settings.tls.isInsecure && settings.tls.caFile == nil)
    }

    @Test func readsTheAccount() throws {
        let account = try #require(try settings(Self.account).account)
        #expect(account.authURL == "http://keystone:5000/v3")
        #expect(account.credentials == .password(.name("glance", .name("Default")), password: "secret"))
        #expect(account.scope == .project("service", .name("Default")))
        let other = try settings(
            Self.account
                + "cinder_store_application_credential_id = i\ncinder_store_application_credential_secret = s\n")
        #expect(other.account?.credentials == .applicationCredential(id: "i", secret: "s"))
    }

    /// As in Glance: then the user of the request owns the volumes.
    @Test func anIncompleteAccountIsNone() throws {
        for line in Self.account.split(separator: "\n") {
            #expect(try settings(Self.account.replacing(line, with: "")).account == nil)
        }
    }

    @Test func readsAllOptions() throws {
        let settings = try settings(
            Self.account + """
                cinder_catalog_info = block-storage::internalURL
                cinder_os_region_name = RegionTwo
                cinder_endpoint_template = http://cinder/v3/%(tenant_id)s
                cinder_ca_certificates_file = /etc/ca.pem
                cinder_api_insecure = true
                cinder_http_retries = 7
                cinder_state_transition_timeout = 20
                cinder_volume_type = fast
                cinder_do_extend_attached = true
                cinder_attachment_retry_attempts = 9
                """)
        #expect(settings.serviceType == "block-storage" && settings.interface == "internal")
        #expect(settings.region == "RegionTwo" && settings.account?.regionName == "RegionTwo")
        #expect(settings.endpointTemplate == "http://cinder/v3/%(tenant_id)s")
        #expect(settings.tls.caFile == "/etc/ca.pem" && settings.tls.isInsecure)
        #expect(settings.retries == 7 && settings.stateTimeout == .seconds(20) && settings.attachmentAttempts == 9)
        #expect(settings.volumeType == "fast" && settings.growsAttached)
    }

    @Test(arguments: [
        ("cinder_catalog_info = volumev3", "cinder_catalog_info"),
        ("cinder_catalog_info = volumev3::everywhere", "cinder_catalog_info"),
        ("cinder_enforce_multipath = true", "cinder_enforce_multipath"),
    ])
    func refusesWhatCannotWork(_ line: String, _ option: String) {
        let error = #expect(throws: StoreError.self) { try settings(line) }
        guard case .badConfiguration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("store vol: \(option)"))
    }
}
