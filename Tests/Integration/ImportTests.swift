import Foundation
import TestSupport
import Testing

extension IntegrationTests {
    /// Imports from other servers, through the API: a web server, a Glance in another region, and Barbican.
    @Suite struct ImportTests {
        private static let plugins = """
            [image_import_opts]
            image_import_plugins = [image_decompression, image_conversion, inject_image_metadata]

            [image_conversion]
            output_format = raw

            [inject_metadata_properties]
            inject = origin:imported
            """

        @Test(.timeLimit(.minutes(10)))
        func webDownloadWithPlugins() async throws {
            try await command(Project.support("need"), ["qemu-utils"])
            try await withNginx { nginx, directory in
                let site = try site(in: directory, nginx, Self.plugins)
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    let client = glance.client
                    let raw = Data(Noise.bytes(1 << 20, seed: 1)) + Data(count: 1 << 20)
                    try raw.write(to: URL(filePath: nginx.root + "/disk.raw"))
                    try await command(
                        "qemu-img", ["convert", "-O", "qcow2", nginx.root + "/disk.raw", nginx.root + "/disk.qcow2"])
                    try await command("gzip", ["-k", nginx.root + "/disk.qcow2"])

                    let id = try await client.create(["disk_format": "qcow2"])
                    let image = try await finished(id, "\(nginx.url)/disk.qcow2.gz", client)
                    #expect(image["status"].string == "active")
                    #expect(image["disk_format"].string == "raw" && image["origin"].string == "imported")
                    #expect(image["size"] == .number(Double(raw.count)))
                    #expect(image["virtual_size"] == .number(Double(raw.count)))
                    let data = try await client.expect(200, "GET", "/v2/images/\(id)/file")
                    #expect(data.body == Array(raw))
                    #expect(try staged(site) == [])

                    // What goes wrong is told, and leaves nothing.
                    try Data("PK\u{3}\u{4}nonsense".utf8).write(to: URL(filePath: nginx.root + "/archive.zip"))
                    for (path, format, words) in [
                        ("/archive.zip", "raw", "damaged"), ("/disk.raw", "qcow2", "said to be qcow2"),
                        ("/cutfor/disk.raw", "raw", "were announced"), ("/missing", "raw", "could not be got"),
                    ] {
                        let id = try await client.create(["disk_format": .string(format)])
                        let image = try await finished(id, nginx.url + path, client)
                        #expect(image["status"].string == "queued", "\(path)")
                        #expect(image["size"] == .null && image["checksum"] == .null)
                        let tasks = try await client.expect(200, "GET", "/v2/images/\(id)/tasks").json["tasks"].array
                        #expect(tasks.first?["status"].string == "failure")
                        #expect(tasks.first?["message"].string?.contains(words) == true, "\(tasks)")
                        #expect(try staged(site) == [])
                    }
                }
            }
        }

        @Test(.timeLimit(.minutes(10)))
        func restrictedURIsAreBadRequests() async throws {
            try await withNginx { nginx, directory in
                let site = try site(in: directory, nginx, "")
                try await site.synchronizeDatabase(.ours)
                try await withGlance(.ours, site) { glance in
                    let id = try await glance.client.create()
                    var answers: Set<String> = []
                    for uri in [
                        "http://169.254.169.254/", "http://127.0.0.2/", "http://2130706433/", "file:///etc/passwd",
                        "http://localhost:22/", "http://nowhere.invalid/",
                    ] {
                        let answer = try await glance.client.request(
                            "POST", "/v2/images/\(id)/import",
                            json: ["method": ["name": "web-download", "uri": .string(uri)]])
                        #expect(answer.status == 400)
                        answers.insert(answer.text)
                    }
                    #expect(answers.count == 1)
                    try await glance.client.expect(
                        400, "POST", "/v2/images/\(id)/import", json: ["method": ["name": "web-download"]])
                }
            }
        }

        /// Without steps nothing is staged, unless the server cannot go on where a connection broke.
        @Test(.timeLimit(.minutes(10)))
        func dataPassStraightIntoTheStore() async throws {
            try await withNginx { nginx, directory in
                let site = try site(in: directory, nginx, "")
                try await site.synchronizeDatabase(.ours)
                // More than what comes before a connection is cut.
                let bytes = Noise.bytes(200_000, seed: 1)
                try Data(bytes).write(to: URL(filePath: nginx.root + "/file"))
                try await withGlance(.ours, site) { glance in
                    for path in ["/file", "/cut/file", "/nolength/file", "/redirect/5/file"] {
                        let id = try await glance.client.create()
                        let image = try await finished(id, nginx.url + path, glance.client)
                        #expect(image["status"].string == "active", "\(path)")
                        #expect(try await glance.client.expect(200, "GET", "/v2/images/\(id)/file").body == bytes)
                        try await glance.client.expect(204, "DELETE", "/v2/images/\(id)")
                    }
                    let id = try await glance.client.create()
                    let image = try await finished(id, "\(nginx.url)/cutfor/file", glance.client)
                    #expect(image["status"].string == "queued" && image["checksum"] == .null)
                    let tasks = try await glance.client.expect(200, "GET", "/v2/images/\(id)/tasks").json["tasks"].array
                    #expect(tasks.first?["message"].string?.contains("were announced") == true)
                    // The same image can be imported after that.
                    let again = try await finished(id, "\(nginx.url)/file", glance.client)
                    #expect(again["status"].string == "active")
                    try await glance.client.expect(204, "DELETE", "/v2/images/\(id)")
                    #expect(try staged(site) == [])
                    #expect(try FileManager.default.contentsOfDirectory(atPath: site.images) == [])
                }
            }
        }

        /// With a step, because it is staged then.
        @Test(.timeLimit(.minutes(10)))
        func aDownloadGoesOnAfterACrash() async throws {
            try await withNginx { nginx, directory in
                let site = try site(
                    in: directory, nginx, "[image_import_opts]\nimage_import_plugins = [inject_image_metadata]")
                try await site.synchronizeDatabase(.ours)
                let bytes = Noise.bytes(100 << 20, seed: 1)
                try Data(bytes).write(to: URL(filePath: nginx.root + "/large"))
                try await withGlance(.ours, site) { glance in
                    let id = try await glance.client.create()
                    let source = "\(nginx.url)/slow/large"
                    try await glance.client.expect(
                        202, "POST", "/v2/images/\(id)/import",
                        json: ["method": ["name": "web-download", "uri": .string(source)]])
                    // What is certain to be on the disk is 64 MiB then.
                    let staged = "\(site.directory)/staging/\(id)"
                    while try await size(of: staged) < 70 << 20 { try await Task.sleep(for: .milliseconds(20)) }
                    let importer = try #require(glance.processes.descendants(titled: "glance-api: importer").first)
                    #expect(kill(importer, SIGKILL) == 0)
                    let image = try await settled(id, glance.client)
                    #expect(image["status"].string == "active")
                    #expect(try await glance.client.expect(200, "GET", "/v2/images/\(id)/file").body == bytes)
                    #expect(try self.staged(site) == [])
                }
                try await nginx.server.stop()
                let log = try String(contentsOfFile: nginx.server.setting("NGINX_ACCESS_LOG"), encoding: .utf8)
                let answers = log.split(separator: "\n").filter { $0.contains("GET /slow/large") }
                #expect(answers.map { $0.split(separator: " ")[8] } == ["200", "206"])
            }
        }

        private func size(of path: String) async throws -> Int64 {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return (attributes?[.size] as? Int64) ?? 0
        }

        @Test(.timeLimit(.minutes(10)))
        func anImageComesFromAnotherRegion() async throws {
            try await withServer("keystone") { keystone in
                try await withTemporaryDirectory { directory in
                    let identity = try Keystone(keystone)
                    let there = try Site(directory: try subdirectory("there", directory), keystone: identity.options())
                    let here = try Site(
                        directory: try subdirectory("here", directory), keystone: identity.options(),
                        settings: ["enabled_import_methods": "[glance-download]"])
                    try append(
                        "[import_filtering_opts]\nallowed_hosts = [127.0.0.1]\nallowed_ports = [\(there.port)]",
                        to: here)
                    try await identity.register(imageService: there.url, region: "Elsewhere")
                    for site in [there, here] { try await site.synchronizeDatabase(.ours) }
                    let token = try await identity.token("demo", project: "demo")
                    let bytes = Noise.bytes(3_000_000, seed: 1)
                    try await withGlance(.ours, there) { remote in
                        try await withGlance(.ours, here) { local in
                            let (remote, local) = (
                                ImageClient(url: remote.client.url, token: token),
                                ImageClient(url: local.client.url, token: token)
                            )
                            let source = try await remote.create([
                                "disk_format": "raw", "os_distro": "debian", "hw_disk_bus": "virtio", "other": "x",
                            ])
                            func importing(_ id: String, _ image: String, _ region: String) async throws -> JSON {
                                try await local.expect(
                                    202, "POST", "/v2/images/\(id)/import",
                                    json: [
                                        "method": [
                                            "name": "glance-download", "glance_region": .string(region),
                                            "glance_image_id": .string(image),
                                        ]
                                    ])
                                return try await settled(id, local)
                            }
                            let id = try await local.create(["disk_format": "qcow2"])
                            // Not active yet; unknown; no such region.
                            let unknown = "00000000-0000-4000-8000-000000000000"
                            for (image, region) in [(source, "Elsewhere"), (unknown, "Elsewhere"), (source, "Nowhere")]
                            {
                                #expect(try await importing(id, image, region)["status"].string == "queued")
                            }
                            #expect(try await remote.upload(source, bytes).status == 204)
                            let image = try await importing(id, source, "elsewhere")
                            #expect(image["status"].string == "active" && image["disk_format"].string == "raw")
                            #expect(image["os_distro"].string == "debian" && image["hw_disk_bus"].string == "virtio")
                            #expect(image["other"] == .null)
                            #expect(try await local.expect(200, "GET", "/v2/images/\(id)/file").body == bytes)
                            #expect(try staged(here) == [])
                        }
                    }
                    // A token lies nowhere in plain.
                    let database = try Data(contentsOf: URL(filePath: here.directory + "/glance.sqlite"))
                    #expect(database.firstRange(of: Data(token.utf8)) == nil)
                    let log = try Data(contentsOf: URL(filePath: here.directory + "/ours.log"))
                    #expect(log.firstRange(of: Data(token.utf8)) == nil)
                }
            }
        }

        @Test(.timeLimit(.minutes(10)))
        func signedImagesAreVerifiedWhenTheyAreImported() async throws {
            try await withServer("keystone") { @Sendable keystone in
                let identity = try Keystone(keystone)
                try await withBarbican(of: keystone) { barbican async throws in
                    try await withNginx { nginx, directory in
                        let site = try Site(
                            directory: directory, keystone: identity.options(),
                            settings: ["enabled_import_methods": "[web-download]"])
                        try append(nginx.filter, to: site)
                        try append("[barbican]\nbarbican_endpoint = \(barbican.url)", to: site)
                        try await site.synchronizeDatabase(.ours)
                        let data = Data(Noise.bytes(500_000, seed: 1))
                        try data.write(to: URL(filePath: nginx.root + "/good"))
                        try data.dropLast().write(to: URL(filePath: nginx.root + "/bad"))
                        let signer = try await Signer("ECC_SECP384R1", in: directory)
                        let certificate = try await barbican.store(signer.certificate, as: "certificate")
                        let properties = signer.properties(
                            signature: try await signer.sign(data, "SHA-256"), hash: "SHA-256", certificate: certificate
                        )
                        try await withGlance(.ours, site) { glance in
                            let client = ImageClient(url: site.url, token: barbican.token)
                            let id = try await client.create(properties.mapValues { .string($0) })
                            let bad = try await finished(id, nginx.url + "/bad", client)
                            #expect(bad["status"].string == "queued" && bad["checksum"] == .null)
                            let good = try await finished(id, nginx.url + "/good", client)
                            #expect(good["status"].string == "active")
                            #expect(try staged(site) == [])
                        }
                    }
                }
            }
        }

        // MARK: -

        private struct Nginx: Sendable {
            let url: String
            let root: String
            let server: SupportServer

            /// Options by which it may be downloaded from.
            var filter: String {
                let port = url.split(separator: ":").last ?? ""
                return "[import_filtering_opts]\nallowed_hosts = [127.0.0.1, localhost]\nallowed_ports = [\(port)]"
            }
        }

        private func withNginx(_ body: @escaping @Sendable (Nginx, String) async throws -> Void) async throws {
            try await withServer("nginx") { server in
                try await withTemporaryDirectory { directory in
                    try await body(
                        Nginx(
                            url: try server.setting("NGINX_URL"), root: try server.setting("NGINX_ROOT"), server: server
                        ),
                        directory)
                }
            }
        }

        private func site(in directory: String, _ nginx: Nginx, _ options: String) throws -> Site {
            let site = try Site(directory: directory, settings: ["enabled_import_methods": "[web-download]"])
            try append(nginx.filter, to: site)
            try append(options, to: site)
            return site
        }

        private func append(_ options: String, to site: Site) throws {
            let file = try FileHandle(forWritingTo: URL(filePath: site.configurationFile))
            try file.seekToEnd()
            try file.write(contentsOf: Data("\n\(options)\n".utf8))
            try file.close()
        }

        private func subdirectory(_ name: String, _ directory: String) throws -> String {
            let path = "\(directory)/\(name)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
            return path
        }

        /// Imports from a URL, and waits for the end.
        private func finished(_ id: String, _ uri: String, _ client: ImageClient) async throws -> JSON {
            try await client.expect(
                202, "POST", "/v2/images/\(id)/import", json: ["method": ["name": "web-download", "uri": .string(uri)]])
            return try await settled(id, client)
        }

        /// The image, once nothing happens to it any more.
        private func settled(_ id: String, _ client: ImageClient) async throws -> JSON {
            let deadline = ContinuousClock.now + .seconds(60)
            while ContinuousClock.now < deadline {
                let tasks = try await client.expect(200, "GET", "/v2/images/\(id)/tasks").json["tasks"].array
                if tasks.allSatisfy({ ["success", "failure"].contains($0["status"].string) }) {
                    return try await client.expect(200, "GET", "/v2/images/\(id)").json
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            throw TestFailure("the import of \(id) does not end")
        }

        private func staged(_ site: Site) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: site.directory + "/staging")
        }
    }
}
