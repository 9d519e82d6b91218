import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// The clients that people and other services use find what they look for, in each part of the API.
    @Suite struct ClientsTests {
        @Test(.timeLimit(.minutes(10)), arguments: SiteStore.Driver.allCases)
        func everyPartWorksWithEveryClient(store driver: SiteStore.Driver) async throws {
            let python = try await command(Project.support("fetch"), ["client"])
                .trimmingCharacters(in: .whitespacesAndNewlines)
            try await withServer("keystone") { @Sendable keystone in
                try await withServer("nginx") { @Sendable nginx in
                    try await withTemporaryDirectory { directory in
                        let identity = try Keystone(keystone)
                        let store = try await SiteStore.make(driver, id: "local", directory: directory + "/images")
                        let site = try Self.site(in: directory, store, identity)
                        try await site.synchronizeDatabase(.ours)
                        try await identity.register(imageService: site.url, region: "RegionOne")
                        let (_, project) = try await identity.authenticate("demo", project: "demo")
                        let data = Data(Noise.bytes(300_000, seed: 1))
                        try data.write(to: URL(filePath: directory + "/source"))
                        try data.write(to: URL(filePath: try nginx.setting("NGINX_ROOT") + "/source"))
                        let source = try nginx.setting("NGINX_URL") + "/source"
                        let environment = [
                            "OS_AUTH_URL": identity.url + "/v3", "OS_IDENTITY_API_VERSION": "3",
                            "OS_USERNAME": "admin", "OS_PASSWORD": identity.password, "OS_PROJECT_NAME": "admin",
                            "OS_USER_DOMAIN_NAME": "Default", "OS_PROJECT_DOMAIN_NAME": "Default",
                            "OS_REGION_NAME": "RegionOne", "HOME": directory, "SOURCE_URL": source,
                            "LOCATION_URL": source, "OTHER_PROJECT": project, "IMAGE_URL": site.url,
                            "STORE_TYPE": driver.rawValue, "STORE_PROPERTY": store.property,
                        ]
                        try await withGlance(.ours, site) { _ in
                            for client in ["openstackclient", "openstacksdk", "glanceclient"] {
                                let output = try await command(
                                    python + "/bin/python",
                                    [Project.root + "/Tests/Integration/clients.py", client, directory],
                                    environment: environment)
                                let parts = output.split(separator: "\n")
                                #expect(parts.count > 10)
                                for part in parts { #expect(part.hasPrefix("ok "), "\(client): \(part)") }
                            }
                        }
                        #expect(try await store.contents() == [])
                        for name in ["images", "second", "staging"] {
                            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(directory)/\(name)") == [])
                        }
                    }
                }
            }
        }

        /// The store, as `local`, one of files and one of what web servers have; all methods of import.
        private static func site(in directory: String, _ store: SiteStore, _ identity: Keystone) throws -> Site {
            try FileManager.default.createDirectory(atPath: directory + "/second", withIntermediateDirectories: false)
            let site = try Site(
                directory: directory, keystone: identity.options(),
                settings: [
                    "enabled_import_methods": "[glance-direct, web-download, copy-image]",
                    "show_multiple_locations": "true", "image_cache_dir": directory + "/cache",
                    "worker_self_reference_url": "http://node-1:9292",
                ])
            try site.append(
                """

                [DEFAULT]
                enabled_backends = local:\(store.store.driver), second:file, web:http
                [local]
                \(store.store.lines)
                [second]
                filesystem_store_datadir = \(directory)/second
                [import_filtering_opts]
                allowed_hosts = [127.0.0.1]
                allowed_ports = []

                """)
            return site
        }
    }
}
