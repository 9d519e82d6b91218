import Foundation
import Identity
import ImageStore
import OsloConfig
import TestSupport
import Testing

@testable import SwiftDriver

@Suite struct SwiftSettingsTests {
    private func settings(_ options: String) throws -> SwiftSettings {
        let text = "[DEFAULT]\nenabled_backends = here:swift\n[here]\n" + options
        return try SwiftSettings(configuration: Configuration(text: text), store: "here")
    }

    private static let account = """
        swift_store_auth_address = https://keystone.example.org:5000/v3/
        swift_store_user = service:glance
        swift_store_key = hush

        """

    @Test func readsTheOptions() throws {
        let settings = try settings(
            Self.account + """
                swift_store_container = images
                swift_store_large_object_size = 100
                swift_store_large_object_chunk_size = 10
                swift_store_create_container_on_put = true
                swift_store_region = RegionTwo
                swift_store_endpoint_type = internalURL
                swift_store_service_type = store
                swift_store_retry_get_count = 4
                swift_store_expire_soon_interval = 90
                swift_store_cacert = /etc/ca.pem
                swift_store_auth_insecure = true
                """)
        #expect(settings.container == "images")
        #expect(settings.largeObjectSize == 102_400_000)
        #expect(settings.segmentSize == 10_240_000)
        #expect(settings.createsContainers)
        #expect(settings.region == "RegionTwo")
        #expect(settings.interface == "internal")
        #expect(settings.serviceType == "store")
        #expect(settings.downloadRetries == 4)
        #expect(settings.renewalMargin == 90)
        #expect(settings.tls.caFile == "/etc/ca.pem")
        #expect(settings.tls.isInsecure)
        let account = try #require(settings.accounts.standard)
        #expect(!settings.accounts.areInFile)
        #expect(account.credentials == .password(user: "service:glance", key: "hush"))
        #expect(account.place == "keystone.example.org:5000/v3")
        let keystone = try account.keystone()
        #expect(keystone.credentials == .password(.name("glance", .id("default")), password: "hush"))
        #expect(keystone.scope == .project("service", .id("default")))
    }

    @Test func readsTheFileOfAccounts() async throws {
        try await withTemporaryDirectory { directory in
            let file = "\(directory)/glance-swift.conf"
            try """
            [ref1]
            user = service:glance
            key = "50%% off"
            auth_address = http://keystone:5000/v3
            project_domain_name = Clouds
            user_domain_id = 0123
            # [no] section
            [Old]
            auth_version = 1
            user = account:user
            key = k
            auth_address = https://swift/auth/v1.0
            [credential]
            application_credential_id = id
            application_credential_secret = secret
            auth_address = https://keystone/v3
            """.write(to: URL(filePath: file), atomically: true, encoding: .utf8)
            let accounts = try settings("swift_store_config_file = \(file)").accounts
            #expect(accounts.areInFile)
            let first = try #require(accounts["ref1"])
            #expect(accounts.standard == first)
            #expect(first.credentials == .password(user: "service:glance", key: "50% off"))
            #expect(first.projectDomain == .name("Clouds"))
            #expect(first.userDomain == .id("0123"))
            #expect(accounts["Old"]?.version == .v1)
            #expect(accounts["credential"]?.credentials == .applicationCredential(id: "id", secret: "secret"))
            #expect(throws: StoreError.self) {
                try settings("swift_store_config_file = \(file)\ndefault_swift_reference = other")
            }
            #expect(throws: StoreError.self) {
                try settings("swift_store_config_file = \(file)\nswift_store_multi_tenant = true")
            }
        }
    }

    @Test(arguments: [
        "", "swift_store_auth_address = https://keystone/v3",
        "swift_store_auth_address = keystone\nswift_store_user = a:b\nswift_store_key = hush",
        "swift_store_auth_address = https://keystone/v3\nswift_store_user = nocolon\nswift_store_key = hush",
        "swift_store_auth_address = https://keystone/v3\nswift_store_user = a:b",
        "swift_store_auth_address = https://k/v3\nswift_store_application_credential_id = a",
        account + "swift_store_container = a/b", account + "swift_store_endpoint = swift:8080",
        account + "swift_store_config_file = /nonexistent",
    ])
    func refusesWhatCannotWork(_ options: String) throws {
        let error = #expect(throws: StoreError.self) { try settings(options) }
        guard case .badConfiguration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("store here: swift_store_"))
        #expect(!text.contains("hush"))
    }

    /// `glance_` and the first characters of the id, not counting hyphens.
    @Test(arguments: [(0, "glance"), (1, "glance_f"), (8, "glance_fd9e3120"), (9, "glance_fd9e3120-2"), (32, full)])
    func spreadsImagesOverContainers(_ seed: Int, _ container: String) throws {
        let settings = try settings(Self.account + "swift_store_multiple_containers_seed = \(seed)")
        #expect(settings.container(ofImage: "FD9E3120-2BD5-44F6-A2A4-B2DE0A3C7A21") == container)
    }

    private static let full = "glance_fd9e3120-2bd5-44f6-a2a4-b2de0a3c7a21"
}
