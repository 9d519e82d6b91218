import ExternalHTTP
import Foundation
import OsloConfig
import TestSupport
import Testing

@testable import ImportSources

/// Sources of imports, with a real web server in the place of the others.
@Suite struct ImportSourcesTests {
    private static let id = "3f4c2b58-7f6e-4b53-9a5e-0f4b3a0d1c2e"

    @Test(
        "CVE-2017-7200, CVE-2026-34881: what a request may not name is refused with one text",
        arguments: [
            "http://127.0.0.1/x", "http://[::1]/", "http://169.254.169.254/latest", "http://2130706433/",
            "http://0x7f000001/", "http://127.1/", "file:///etc/passwd", "ftp://example.org/", "http://example.org:22/",
            "example.org", "http://nowhere.invalid/", "http://localhost/", "swift://a/b",
        ])
    func restrictedURIsAreRefused(uri: String) async throws {
        let source = WebDownload(ImportSourceSettings(try Configuration(text: "")))
        await #expect(throws: ImportSourceError.invalid("The URI is not allowed as a source of imports.")) {
            try await source.check(uri)
        }
    }

    @Test func theURIMustBeThere() async throws {
        let source = WebDownload(ImportSourceSettings(try Configuration(text: "")))
        let error = await #expect(throws: ImportSourceError.self) { try await source.check("") }
        #expect(error?.publicText.contains("URI") == true)
        try await source.check("http://192.0.2.1/image")
    }

    @Test func webDownloadBringsTheData() async throws {
        try await with("") { site async throws in
            let bytes = try site.publish("image", Data(Noise.bytes(2_500_000, seed: 1)))
            try await site.web.check("\(site.url)/image")
            let seen = Seen()
            let size = try await site.web.fetch("\(site.url)/image", into: site.file) { await seen.add($0) }
            #expect(size == Int64(bytes.count))
            #expect(try site.received() == bytes)
            #expect(await seen.last == DownloadProgress(received: size, expected: size))
            await #expect(throws: ImportSourceError.download(.status(404))) {
                _ = try await site.web.fetch("\(site.url)/missing", into: site.file)
            }
        }
    }

    @Test("CVE-2026-71196: image_size_cap holds for downloads")
    func theSizeCapHolds() async throws {
        try await with("[DEFAULT]\nimage_size_cap = 1000") { site async throws in
            _ = try site.publish("image", Data(count: 1001))
            await #expect(throws: ImportSourceError.download(.tooLarge(1000))) {
                _ = try await site.web.fetch("\(site.url)/image", into: site.file)
            }
        }
    }

    // MARK: glance-download

    @Test func requestsAreChecked() throws {
        func refused(_ region: String?, _ id: String?, _ interface: String?) -> Bool {
            (try? GlanceDownload.Request(region: region, imageID: id, interface: interface)) == nil
        }
        #expect(try GlanceDownload.Request(region: "R", imageID: Self.id, interface: nil).interface == "public")
        #expect(!refused("R", Self.id, "internal"))
        #expect(refused(nil, Self.id, nil) && refused("", Self.id, nil) && refused("R", nil, nil))
        #expect(refused("R", "../../x", nil) && refused("R", Self.id, "evil"))
    }

    @Test func anImageOfAnotherRegionComesWithItsProperties() async throws {
        try await with("") { site async throws in
            let bytes = try site.publish(Self.id, Data(Noise.bytes(1_500_000, seed: 1)))
            try site.describe([
                "size": .number(1_500_000), "hw_disk_bus": "virtio", "os_distro": "debian", "os_type": "linux",
                "os_secure_boot": "required", "trait:HW_CPU": "required", "secret": "x", "os_hidden": false,
                "os_glance_import_task": "x", "hw_number": .number(5), "owner": "x",
            ])
            let request = try GlanceDownload.Request(region: "regiontwo", imageID: Self.id, interface: "internal")
            let image = try await site.glance.describe(request, by: site.credentials())
            #expect(image.diskFormat == "qcow2" && image.containerFormat == "bare" && image.size == 1_500_000)
            #expect(
                image.properties == [
                    "hw_disk_bus": "virtio", "os_distro": "debian", "os_type": "linux", "os_secure_boot": "required",
                    "trait:HW_CPU": "required",
                ])
            try await site.glance.fetch(request, size: image.size, by: site.credentials(), into: site.file)
            #expect(try site.received() == bytes)
            await #expect(throws: ImportSourceError.download(.wrongSize(1_500_000, expected: 7))) {
                try await site.glance.fetch(request, size: 7, by: site.credentials(), into: site.file)
            }
        }
    }

    @Test func whatIsNoWholeImageIsRefused() async throws {
        try await with("") { site async throws in
            let request = try GlanceDownload.Request(region: "RegionTwo", imageID: Self.id, interface: "internal")
            func error() async -> ImportSourceError? {
                await #expect(throws: ImportSourceError.self) {
                    try await site.glance.describe(request, by: site.credentials())
                }
            }
            #expect(await error() == .remote("There is no such image in the other region."))
            for (members, part) in [
                (["status": "queued"], "not active, but queued"), (["size": .null], "size"),
                (["disk_format": .null], "formats"), (["size": .number(-1)], "size"),
            ] as [([String: TestSupport.JSON], String)] {
                try site.describe(members)
                #expect(await error()?.publicText.contains(part) == true)
            }
            _ = try site.publish("\(Self.id).json", Data("{".utf8))
            #expect(await error() == .remote("The image service of the other region answers 200."))
            try site.describe([:])
            await #expect(throws: ImportSourceError.remote("The other region does not give the image to the user.")) {
                try await site.glance.describe(request, by: site.credentials("other"))
            }
            for (region, interface) in [("RegionThree", "internal"), ("RegionTwo", "admin")] {
                let request = try GlanceDownload.Request(region: region, imageID: Self.id, interface: interface)
                let error = await #expect(throws: ImportSourceError.self) {
                    try await site.glance.describe(request, by: site.credentials())
                }
                #expect(error?.publicText.contains(region) == true)
            }
        }
    }

    @Test("CVE-2026-34881: the filter holds for other regions, too")
    func theFilterHoldsForOtherRegions() async throws {
        try await with("[import_filtering_opts]\nallowed_hosts = [example.org]", lists: false) { site async throws in
            try site.describe([:])
            let request = try GlanceDownload.Request(region: "RegionTwo", imageID: Self.id, interface: "internal")
            await #expect(throws: ImportSourceError.download(.refused)) {
                try await site.glance.describe(request, by: site.credentials())
            }
            await #expect(throws: ImportSourceError.download(.refused)) {
                try await site.glance.fetch(request, size: 1, by: site.credentials(), into: site.file)
            }
        }
    }

    // MARK: Tokens at rest

    @Test func tokensAreSealedForTheirJob() throws {
        let credentials = JobCredentials(
            token: "gAAAAAB-secret",
            catalog: #"[{"type":"image","endpoints":[]},{"type":"compute","endpoints":[]}]"#)
        #expect(credentials.catalog?.contains("compute") == false)
        let seal = CredentialSeal(secret: "service password")
        let text = try #require(seal.seal(credentials, job: "job"))
        #expect(!text.contains("secret") && text.allSatisfy(\.isASCII))
        #expect(seal.open(text, job: "job") == credentials)
        #expect(seal.open(text, job: "other") == nil)
        #expect(CredentialSeal(secret: "another").open(text, job: "job") == nil)
        for damaged in ["", "x", String(text.dropLast(4)), "AAAA" + text] {
            #expect(seal.open(damaged, job: "job") == nil)
        }
        let none = JobCredentials(token: "t", catalog: nil)
        #expect(seal.open(try #require(seal.seal(none, job: "1")), job: "1") == none)
    }

    @Test func theServicesSecretMakesTheKey() throws {
        #expect(CredentialSeal(try Configuration(text: "")) == nil)
        let one = try #require(CredentialSeal(Configuration(text: "[keystone_authtoken]\npassword = a")))
        let other = try #require(
            CredentialSeal(Configuration(text: "[keystone_authtoken]\napplication_credential_secret = a")))
        let credentials = JobCredentials(token: "t", catalog: nil)
        #expect(other.open(try #require(one.seal(credentials, job: "1")), job: "1") == credentials)
    }

    // MARK: -

    private actor Seen {
        private(set) var last: DownloadProgress?
        func add(_ progress: DownloadProgress) { last = progress }
    }

    private struct Remote: Sendable {
        let server: SupportServer
        let url: String
        let web: WebDownload
        let glance: GlanceDownload
        let target: String
        let file: DownloadFile

        func publish(_ name: String, _ bytes: Data) throws -> Data {
            try bytes.write(to: URL(filePath: try server.setting("NGINX_ROOT") + "/" + name))
            return bytes
        }

        /// What the other Glance says about its image.
        func describe(_ members: [String: TestSupport.JSON]) throws {
            var image: [String: TestSupport.JSON] = [
                "id": .string(ImportSourcesTests.id), "status": "active", "disk_format": "qcow2",
                "container_format": "bare", "size": .number(10),
            ]
            image.merge(members) { $1 }
            _ = try publish("\(ImportSourcesTests.id).json", JSONEncoder().encode(TestSupport.JSON.object(image)))
        }

        func received() throws -> Data { try Data(contentsOf: URL(filePath: target)) }

        func credentials(_ token: String = "token") -> JobCredentials {
            JobCredentials(
                token: token,
                catalog: """
                    [{"type":"image","name":"glance","endpoints":[
                    {"interface":"public","url":"http://127.0.0.1:1","region":"RegionOne"},
                    {"interface":"public","url":"http://127.0.0.1:1","region":"RegionTwo"},
                    {"interface":"internal","url":"\(url)/","region":"RegionTwo"}]}]
                    """)
        }
    }

    /// - Parameter lists: whether the server is allowed.
    private func with(
        _ options: String, lists: Bool = true, _ body: @escaping @Sendable (Remote) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            try await withTemporaryDirectory { directory in
                let url = try server.setting("NGINX_URL")
                let port = try #require(url.split(separator: ":").last)
                let allowed = "[import_filtering_opts]\nallowed_hosts = [127.0.0.1]\nallowed_ports = [\(port), 1]\n"
                let settings = ImportSourceSettings(try Configuration(text: options + "\n" + (lists ? allowed : "")))
                let target = directory + "/image"
                let descriptor = open(target, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
                defer { close(descriptor) }
                try await body(
                    Remote(
                        server: server, url: url, web: WebDownload(settings), glance: GlanceDownload(settings),
                        target: target, file: DownloadFile(descriptor: descriptor)))
            }
        }
    }
}
