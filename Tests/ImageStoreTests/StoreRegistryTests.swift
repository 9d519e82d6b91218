import ExternalHTTP
import FileDriver
import Foundation
import HTTPDriver
import ImageModel
import ImageStore
import JSON
import Logging
import OsloConfig
import OutgoingHTTP
import StoreDrivers
import TestSupport
import Testing

/// Stores as the configuration names them.
@Suite struct StoreRegistryTests {
    private func registry(_ text: String) throws -> StoreRegistry {
        try StoreRegistry(
            configuration: Configuration(text: text), drivers: StoreDriver.all,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private static let multiStore = """
        [DEFAULT]
        enabled_backends = fast:file, cheap:file, web:http
        [glance_store]
        default_backend = cheap
        [backend_defaults]
        weight = 3
        [fast]
        filesystem_store_datadir = /srv/fast
        store_description = solid state
        weight = 10
        [cheap]
        filesystem_store_datadirs = /srv/cheap:1
        filesystem_store_datadirs = /srv/cheaper:2
        """

    @Test func readsSeveralStores() throws {
        let registry = try registry(Self.multiStore)
        #expect(registry.isMultiStore)
        #expect(registry.stores.map(\.id) == ["fast", "cheap", "web"])
        #expect(registry.stores.map(\.type) == ["file", "file", "http"])
        #expect(registry.stores.map(\.weight) == [10, 3, 3])
        #expect(registry.stores.map(\.description) == ["solid state", nil, nil])
        #expect(registry.stores.map(\.isReadOnly) == [false, false, true])
        #expect(registry.defaultStore.id == "cheap")
        #expect(registry["fast"]?.properties["data_dir"] == "/srv/fast")
        #expect(registry["cheap"]?.properties["data_dir"] == "/srv/cheaper")
        #expect(registry["web"]?.properties == [:])
        #expect(registry["absent"] == nil)
    }

    @Test func readsTheStoresOfOldConfigurations() throws {
        let registry = try registry("")
        #expect(!registry.isMultiStore)
        #expect(registry.stores.map(\.id) == ["file", "http"])
        #expect(registry.defaultStore.id == "file")
        #expect(registry["file"]?.properties["data_dir"] == "/var/lib/glance/images")
        let renamed = try self.registry(
            "[glance_store]\nstores = http, filesystem, file\ndefault_store = filesystem\nfilesystem_store_datadir = /srv/x/"
        )
        #expect(renamed.stores.map(\.id) == ["http", "file"])
        #expect(renamed.defaultStore.properties["data_dir"] == "/srv/x")
    }

    @Test func namesTheStoreInLocationsOfSeveralOnly() async throws {
        try await withTemporaryDirectory { directory in
            for (text, metadata) in [
                ("[glance_store]\nfilesystem_store_datadir = \(directory)/one", [:]),
                (
                    """
                    [DEFAULT]
                    enabled_backends = fast:file
                    [glance_store]
                    default_backend = fast
                    [fast]
                    filesystem_store_datadir = \(directory)/two
                    """, ["store": "fast"]
                ),
            ] as [(String, [String: JSONValue])] {
                let registry = try registry(text)
                try await registry.prepare()
                #expect(try await registry.defaultStore.add("image", [1]).metadata == metadata)
                await registry.shutdown()
            }
        }
    }

    /// Nobody listens there. A directory that cannot be made, though, does not come by itself.
    @Test func aBackendThatIsAwayKeepsNothingFromStarting() async throws {
        let vmware = try registry(
            """
            [DEFAULT]
            enabled_backends = vm:vmware
            [glance_store]
            default_backend = vm
            [vm]
            vmware_server_host = 127.0.0.1:1
            vmware_server_username = user
            vmware_server_password = secret
            vmware_datastores = DC0:LocalDS_0
            vmware_api_retry_count = 1
            """)
        try await vmware.prepare()
        let error = await #expect(throws: StoreError.self) { try await vmware.defaultStore.check() }
        #expect(error?.isOutage == true)
        await vmware.shutdown()

        let files = try registry("[glance_store]\nfilesystem_store_datadir = /dev/null/images")
        await #expect(throws: StoreError.self) { try await files.prepare() }
        await files.shutdown()
    }

    @Test(
        arguments: [
            ("file:///srv/fast/x", nil, "fast"), ("file:///srv/cheap/x", nil, "cheap"),
            ("file:///srv/cheaper/x", nil, "cheap"),
            ("file:///srv/fast/x", "cheap", "cheap"), ("file:///srv/cheap/x", "removed", "cheap"),
            ("file:///elsewhere/x", nil, nil), ("file:///elsewhere/x", "removed", nil), ("https://host/x", nil, "web"),
            ("HTTP://host/x", nil, "web"),
            ("rbd://a/b/c/d", nil, nil), ("", nil, nil), ("nonsense", nil, nil),
        ] as [(String, String?, String?)])
    func findsTheStoreOfALocation(_ url: String, _ named: String?, _ expected: String?) throws {
        let registry = try registry(Self.multiStore)
        let metadata: [String: JSONValue] = named.map { ["store": .string($0)] } ?? [:]
        #expect(registry.store(for: ImageLocation(url: url, metadata: metadata))?.id == expected)
    }

    @Test(arguments: [
        ("[DEFAULT]\nenabled_backends = a:file", "default_backend must be set"),
        ("[DEFAULT]\nenabled_backends = a:file\n[glance_store]\ndefault_backend = b", "'b' is not a store"),
        ("[DEFAULT]\nenabled_backends = os_glance_x:file", "os_glance_"),
        ("[DEFAULT]\nenabled_backends = a:floppy\n[glance_store]\ndefault_backend = a", "no store driver 'floppy'"),
        ("[glance_store]\nstores = http", "default_store"),
        ("[glance_store]\nstores = file, floppy", "no store driver 'floppy'"),
        ("[glance_store]\nstores =", "stores"),
        ("[glance_store]\nfilesystem_store_datadir = relative/path", "not an absolute path"),
        ("[glance_store]\nfilesystem_store_datadir = /srv/../etc", "not an absolute path"),
        ("[glance_store]\nfilesystem_store_datadir =", "not an absolute path"),
        (
            "[glance_store]\nfilesystem_store_datadir = /a\nfilesystem_store_datadirs = /b",
            "either filesystem_store_datadir or filesystem_store_datadirs"
        ),
        ("[glance_store]\nfilesystem_store_datadirs = /b:high", "not a priority"),
        ("[glance_store]\nfilesystem_store_datadirs = :5", "not an absolute path"),
        (
            "[glance_store]\nfilesystem_store_datadirs = /b:1\nfilesystem_store_datadirs = /b/:2",
            "listed twice with different priorities"
        ),
        ("[glance_store]\nfilesystem_store_file_perm = 200", "filesystem_store_file_perm"),
        ("[glance_store]\nfilesystem_store_metadata_file = /nonexistent", "cannot open /nonexistent"),
        ("[glance_store]\nhttp_proxy_information = https:ftp://x", "http_proxy_information"),
        ("[glance_store]\nhttp_proxy_information = gopher:x:1", "http_proxy_information"),
    ])
    func refusesWhatCannotWork(_ text: String, _ reason: String) throws {
        let error = #expect(throws: StoreError.self) { try registry(text) }
        guard case .badConfiguration(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(reason), "\(message)")
    }

    @Test func readsTheOptionsOfFileStores() throws {
        let configuration = try Configuration(
            text: """
                [glance_store]
                filesystem_store_datadirs = /a:1
                filesystem_store_datadirs = /b:20
                filesystem_store_datadirs = /c
                filesystem_store_datadirs = /b:20
                filesystem_store_read_only_datadirs = /old/, /older
                filesystem_store_file_perm = 640
                filesystem_store_chunk_size = 4096
                filesystem_thin_provisioning = true
                filesystem_store_timeout = 7
                filesystem_store_thread_pool_size = 3
                filesystem_store_threadpool_threshold = 50
                """)
        let settings = try FilesystemSettings(configuration: configuration, store: "file")
        #expect(
            settings.directories == [
                .init(path: "/b", priority: 20), .init(path: "/a", priority: 1), .init(path: "/c", priority: 0),
            ])
        #expect(settings.furtherDirectories == ["/old", "/older"])
        #expect(settings.filePermissions == 0o640)
        #expect(settings.chunkSize == 4096)
        #expect(settings.isThinProvisioned)
        #expect(settings.timeout == 7)
        #expect(settings.threadPoolSize == 3)
        #expect(settings.threadPoolThreshold == 50)
    }

    @Test func readsTheOptionsOfHTTPStores() throws {
        let configuration = try Configuration(
            text: """
                [glance_store]
                https_insecure = false
                https_ca_certificates_file = /etc/ca.pem
                http_proxy_information = http:10.0.0.1:3128,https:http://user:pass@proxy
                """)
        let settings = try HTTPSettings(configuration: configuration, store: "http").client
        #expect(!settings.isInsecure)
        #expect(settings.certificateAuthorities == "/etc/ca.pem")
        #expect(
            settings.proxies == [
                "http": HTTPProxy(host: "10.0.0.1", port: 3128),
                "https": HTTPProxy(host: "proxy", port: 80, user: "user", password: "pass"),
            ])
        #expect(try HTTPSettings(configuration: Configuration(text: ""), store: "http").client.isInsecure)
    }

    @Test func aServerThatIsAwayAtTheStartIsAnOutage() async throws {
        let log = EventRecorder()
        // A port on which nobody listens.
        let registry = try StoreRegistry(
            configuration: Configuration(
                text: """
                    [DEFAULT]
                    enabled_backends = cold:s3
                    [glance_store]
                    default_backend = cold
                    [cold]
                    s3_store_host = http://127.0.0.1:1
                    s3_store_access_key = key
                    s3_store_secret_key = secret
                    s3_store_bucket = images
                    """), drivers: StoreDriver.all, logger: log.logger)
        try await registry.prepare()
        #expect(log.occurrences(of: .storeUnavailable).map { $0.metadata["store"] } == ["cold"])
        #expect(log.entries.count { $0.level >= .warning } == 1)
        for store in registry.stores { await store.shutdown() }
    }
}
