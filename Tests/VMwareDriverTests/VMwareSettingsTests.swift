import Foundation
import ImageStore
import OsloConfig
import TestSupport
import Testing

@testable import VMwareDriver

@Suite struct VMwareSettingsTests {
    private static let required = """
        vmware_server_host = vcenter.example.org
        vmware_server_username = glance
        vmware_server_password = secret
        vmware_datastores = DC0:LocalDS_0

        """

    private func settings(_ options: String, store: String = "vm") throws -> VMwareSettings {
        try VMwareSettings(
            configuration: Configuration(text: "[DEFAULT]\nenabled_backends = \(store):vmware\n[\(store)]\n\(options)"),
            store: store)
    }

    @Test func hasTheDefaultsOfGlance() throws {
        let settings = try settings(Self.required)
        #expect(settings.server.authority == "vcenter.example.org")
        #expect(settings.user == "glance" && settings.password == "secret")
        #expect(settings.retries == 10)
        #expect(settings.taskPollInterval == .seconds(5))
        #expect(settings.directory == ["openstack_glance"])
        #expect(settings.tls.caFile == nil && !settings.tls.isInsecure)
        #expect(settings.datastores.map(\.name) == [DatastoreName(datacenter: "DC0", name: "LocalDS_0")])
        #expect(settings.datastores.map(\.weight) == [0])
    }

    @Test func readsAllOptions() throws {
        let settings = try settings(
            Self.required + """
                vmware_datastores = folder/DC 1: a store :7
                vmware_datastores = a:b:c:-1
                vmware_api_retry_count = 3
                vmware_task_poll_interval = 1
                vmware_store_image_dir = //images/of glance/
                vmware_insecure = true
                """)
        #expect(
            settings.datastores.map(\.name) == [
                DatastoreName(datacenter: "folder/DC 1", name: "a store"),
                DatastoreName(datacenter: "DC0", name: "LocalDS_0"), DatastoreName(datacenter: "a:b", name: "c"),
            ])
        #expect(settings.datastores.map(\.weight) == [7, 0, -1])
        #expect(settings.retries == 3 && settings.taskPollInterval == .seconds(1))
        #expect(settings.directory == ["images", "of glance"])
        #expect(settings.tls.isInsecure)
    }

    /// As in Glance: whoever names authorities wants certificates verified.
    @Test func authoritiesCountMoreThanInsecure() throws {
        let settings = try settings(Self.required + "vmware_insecure = true\nvmware_ca_file = /etc/ca.pem\n")
        #expect(settings.tls.caFile == "/etc/ca.pem" && !settings.tls.isInsecure)
    }

    /// The configuration that docs/stores/vmware.md shows.
    @Test func readsTheDocumentedConfiguration() throws {
        let document = try String(contentsOfFile: Project.root + "/docs/stores/vmware.md", encoding: .utf8)
        let start = try #require(document.firstRange(of: "```ini\n")?.upperBound)
        let end = try #require(document[start...].firstRange(of: "```")?.lowerBound)
        let configuration = try Configuration(text: String(document[start..<end]))
        let settings = try VMwareSettings(configuration: configuration, store: "vm")
        #expect(settings.datastores.map(\.name.name) == ["LocalDS_0", "LocalDS_1"])
        #expect(settings.tls.caFile == "/etc/glance/vcenter-ca.pem")
    }

    @Test func singleStoreOptionsStandInGlanceStore() throws {
        let configuration = try Configuration(text: "[glance_store]\n\(Self.required)")
        #expect(try VMwareSettings(configuration: configuration, store: "vmware").user == "glance")
    }

    @Test(arguments: [
        ("vmware_server_host = vcenter.example.org\n", "vmware_server_host must be set"),
        ("vmware_server_username = glance\n", "vmware_server_username must be set"),
        ("vmware_server_password = secret\n", "vmware_server_password must be set"),
        ("vmware_datastores = DC0:LocalDS_0\n", "vmware_datastores: at least one datastore must be named"),
    ])
    func missesWhatIsRequired(_ line: String, _ reason: String) {
        #expect(throws: StoreError.badConfiguration("store vm: \(reason)")) {
            try settings(Self.required.replacing(line, with: ""))
        }
    }

    @Test(arguments: [
        ("vmware_datastores = LocalDS_0", "not of the form"), ("vmware_datastores = DC0:", "lacks"),
        ("vmware_datastores = :LocalDS_0", "lacks"), ("vmware_datastores = DC0:LocalDS_0:much", "'much'"),
        ("vmware_server_host = https://vcenter", "vmware_server_host"), ("vmware_server_host = a:b:c", "a:b:c"),
        ("vmware_server_host = vcenter:0", "vcenter:0"), ("vmware_server_host = user@vcenter", "user@vcenter"),
        ("vmware_store_image_dir = a/../b", "vmware_store_image_dir"),
        ("vmware_store_image_dir = [a] b", "vmware_store_image_dir"),
    ])
    func refusesWhatCannotWork(_ line: String, _ hint: String) throws {
        let error = #expect(throws: StoreError.self) { try settings(Self.required + line) }
        guard case .badConfiguration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("store vm: ") && text.contains(hint), "\(text)")
    }

    @Test(arguments: [
        ("vcenter", "vcenter"), ("10.0.0.1", "10.0.0.1"), ("fd00::1", "[fd00::1]"), ("[fd00::1]", "[fd00::1]"),
        ("vcenter:8443", "vcenter:8443"), ("[fd00::1]:8443", "[fd00::1]:8443"),
    ])
    func readsAddresses(_ text: String, _ authority: String) throws {
        #expect(try #require(VSphereAddress(text)).authority == authority)
    }
}
