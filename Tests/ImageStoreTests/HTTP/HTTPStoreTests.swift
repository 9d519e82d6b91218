import ExternalHTTP
import Foundation
import HTTPDriver
import ImageModel
import ImageStore
import NIOCore
import NIOPosix
import OsloConfig
import OutgoingHTTP
import TestSupport
import Testing

/// What only the driver `http` does, with a real web server.
@Suite struct HTTPStoreTests {
    /// Runs `body` with a web server that serves `bytes` as `/file`.
    private func with(
        _ change: @escaping @Sendable (inout ExternalHTTPSettings, SupportServer) throws -> Void = { _, _ in },
        _ body: @escaping @Sendable (_ store: HTTPStore, _ server: SupportServer) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            var settings = try HTTPSettings.onLoopback(store: "web")
            try change(&settings.client, server)
            try Data(Self.bytes).write(to: URL(filePath: server.setting("NGINX_ROOT") + "/file"))
            let store = HTTPStore(identity: StoreIdentity(id: "web"), settings: settings)
            do {
                try await store.prepare()
                try await body(store, server)
            } catch {
                await store.shutdown()
                throw error
            }
            await store.shutdown()
        }
    }

    private static let bytes = Noise.bytes(300_000, seed: 11)

    private func location(_ server: SupportServer, _ path: String, _ base: String = "NGINX_URL") throws -> ImageLocation
    {
        ImageLocation(url: try server.setting(base) + path)
    }

    private func size(_ content: StoreContent) -> Int64? {
        if case .stream(let size, _) = content { size } else { nil }
    }

    @Test func readsWhateverTheServerCan() async throws {
        try await with { store, server async throws in
            for path in ["/file", "/nolength/file", "/norange/file", "/nohead/file", "/redirect/5/file"] {
                let location = try location(server, path)
                #expect(try await store.read(location) == Self.bytes, "\(path)")
                #expect(
                    try await store.read(location, range: 100_000..<200_001) == Array(Self.bytes[100_000..<200_001]),
                    "\(path)"
                )
                #expect(
                    try await store.read(location, range: 299_999..<300_000) == Array(Self.bytes.suffix(1)), "\(path)")
            }
        }
    }

    @Test func tellsSizes() async throws {
        try await with { store, server async throws in
            for path in ["/file", "/norange/file", "/nohead/file", "/redirect/5/file"] {
                let location = try location(server, path)
                #expect(try await store.size(of: location) == 300_000, "\(path)")
                #expect(size(try await store.open(location, range: nil)) == 300_000, "\(path)")
            }
            let unknown = try location(server, "/nolength/file")
            #expect(size(try await store.open(unknown, range: nil)) == nil)
            #expect(size(try await store.open(unknown, range: 5..<10)) == 5)
            await #expect(throws: StoreError.backend("the HTTP server does not tell the size of the data")) {
                try await store.size(of: unknown)
            }
        }
    }

    @Test func followsFiveRedirects() async throws {
        try await with { store, server async throws in
            for count in 0...4 {
                #expect(try await store.read(location(server, "/redirect/\(count)/file")) == Self.bytes)
            }
            for path in ["/redirect/6/file", "/loop"] {
                await #expect(throws: StoreError.backend("the HTTP server redirects more than 5 times")) {
                    try await store.open(location(server, path), range: nil)
                }
            }
            await #expect(throws: StoreError.self) { try await store.open(location(server, "/nowhere"), range: nil) }
            #expect(try await store.read(location(server, "/elsewhere/file")) == Self.bytes)
        }
    }

    @Test(arguments: [
        ("404", StoreError.notFound), ("410", .notFound), ("401", .permissionDenied("the HTTP server answers 401")),
        ("403", .permissionDenied("the HTTP server answers 403")), ("500", .backend("the HTTP server answers 500")),
        ("503", .backend("the HTTP server answers 503")),
    ])
    func reportsTheServersRefusal(_ status: String, _ expected: StoreError) async throws {
        try await with { store, server async throws in
            let location = try location(server, "/status/\(status)")
            await #expect(throws: expected) { try await store.open(location, range: nil) }
            await #expect(throws: expected) { try await store.open(location, range: 0..<1) }
            await #expect(throws: expected) { try await store.size(of: location) }
        }
    }

    @Test("CVE-2017-7200: closed ports, silent servers, unknown and forbidden hosts are one kind of error")
    func doesNotScanPorts() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.autoRead, value: false).bind(host: "127.0.0.1", port: 0).get()
        var settings = try HTTPSettings.onLoopback(store: "web")
        settings.client.timeout = 1
        let store = HTTPStore(identity: StoreIdentity(id: "web"), settings: settings)
        let port = try #require(silent.localAddress?.port)
        for (host, reason) in [
            ("127.0.0.1:1", "the connection to the HTTP server failed: Connection refused"),
            ("127.0.0.1:\(port)", "the HTTP server did not answer in time"),
            ("169.254.169.254", "[import_filtering_opts] does not allow to contact the HTTP server"),
        ] {
            let location = ImageLocation(url: "http://\(host)/file")
            await #expect(throws: StoreError.backend(reason)) { try await store.open(location, range: nil) }
            await #expect(throws: StoreError.backend(reason)) { try await store.size(of: location) }
        }
        settings.filter = ExternalURLFilter(configuration: try Configuration(text: ""))
        let web = HTTPStore(identity: StoreIdentity(id: "web"), settings: settings)
        await #expect(throws: StoreError.backend("cannot resolve the name of the HTTP server")) {
            try await web.open(ImageLocation(url: "http://host.invalid/file"), range: nil)
        }
        try await silent.close()
    }

    @Test("CVE-2026-34881: a redirect to a forbidden server gives no data and no size")
    func redirectsAreFiltered() async throws {
        try await with { store, server async throws in
            let port = try #require(server.setting("NGINX_URL").split(separator: ":").last)
            for target in ["http://127.0.0.2:\(port)/never", "http://169.254.169.254/never"] {
                let location = try location(server, "/to?\(target)")
                let refused = StoreError.backend("[import_filtering_opts] does not allow to contact the HTTP server")
                await #expect(throws: refused) { try await store.open(location, range: nil) }
                await #expect(throws: refused) { try await store.open(location, range: 0..<5) }
                await #expect(throws: refused) { try await store.size(of: location) }
            }
            try await server.stop()
            let log = try String(contentsOfFile: server.setting("NGINX_ACCESS_LOG"), encoding: .utf8)
            #expect(log.contains("GET /to?") && !log.contains("GET /never") && !log.contains("HEAD /never"))
        }
    }

    // MARK: Passwords

    @Test func logsInAndNeverTellsThePassword() async throws {
        try await with { store, server async throws in
            let password = try server.setting("NGINX_PASSWORD")
            let url = try server.setting("NGINX_URL")
            func location(_ user: String, _ path: String) -> ImageLocation {
                ImageLocation(url: url.replacing("http://", with: "http://\(user)@") + path)
            }
            let good = "glance:\(password)"
            #expect(try await store.read(location(good, "/private/file")) == Self.bytes)
            #expect(try await store.size(of: location(good, "/private/file")) == 300_000)
            // The same server after a redirect gets the password, another name for it does not.
            #expect(try await store.read(location(good, "/to-private/file")) == Self.bytes)

            let refused = StoreError.permissionDenied("the HTTP server answers 401")
            await #expect(throws: refused) { try await store.open(location(good, "/away/file"), range: nil) }
            let failing = [
                location("glance:wrong-secret", "/private/file"), location("glance:wrong-secret", "/status/500"),
                location("glance:wrong-secret", "/loop"), location("glance:wrong-secret", "/nowhere"),
                ImageLocation(url: "http://glance:wrong-secret@127.0.0.1:1/file"),
                ImageLocation(url: "http://glance:wrong-secret@host.invalid/file"),
                ImageLocation(url: "http://glance:wrong-secret@127.0.0.1:99999/file"),
                ImageLocation(url: "ftp://glance:wrong-secret@127.0.0.1/file"),
                ImageLocation(url: "http://glance:wrong-secret@/file"),
            ]
            for location in failing {
                let error = await #expect(throws: StoreError.self) { try await store.open(location, range: nil) }
                #expect(!String(describing: error).contains("wrong-secret"))
                #expect(!String(describing: error).contains("127.0.0.1"))
            }
        }
    }

    // MARK: TLS and proxies

    @Test func verifiesCertificatesWhenAsked() async throws {
        let insecure = try await readOverTLS { _, _ in }
        #expect(insecure == Self.bytes)
        let trusted = try await readOverTLS { settings, server in
            settings.certificateAuthorities = try server.setting("NGINX_CA")
        }
        #expect(trusted == Self.bytes)
        await #expect(throws: StoreError.self) { try await readOverTLS { settings, _ in settings.isInsecure = false } }
    }

    private func readOverTLS(
        _ change: @escaping @Sendable (inout ExternalHTTPSettings, SupportServer) throws -> Void
    ) async throws -> [UInt8] {
        let result = Box()
        try await with(change) { store, server async throws in
            result.bytes = try await store.read(location(server, "/file", "NGINX_TLS_URL"))
        }
        return result.bytes
    }

    private final class Box: @unchecked Sendable { var bytes: [UInt8] = [] }

    @Test(arguments: ["/nonexistent.pem", "/etc/hostname"])
    func refusesABadBundle(_ path: String) async throws {
        var settings = try HTTPSettings.onLoopback(store: "web")
        settings.client.certificateAuthorities = path
        let store = HTTPStore(identity: StoreIdentity(id: "web"), settings: settings)
        let error = await #expect(throws: StoreError.self) { try await store.prepare() }
        guard case .badConfiguration(let text) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(text.hasPrefix("store web: https_ca_certificates_file: ") && text.contains(path))
    }

    @Test func goesThroughTheProxyOfTheScheme() async throws {
        try await withServer("tinyproxy") { proxy in
            for scheme in ["http", "https"] {
                for password in [try proxy.setting("PROXY_PASSWORD"), "wrong-secret"] {
                    var server = HTTPProxy(
                        host: try proxy.setting("PROXY_HOST"), port: try #require(Int(proxy.setting("PROXY_PORT"))))
                    server.user = try proxy.setting("PROXY_USER")
                    server.password = password
                    let used = server
                    let change = { @Sendable (settings: inout ExternalHTTPSettings, _: SupportServer) in
                        settings.proxies[scheme] = used
                    }
                    try await with(change) { store, server async throws in
                        let plain = try location(server, "/file")
                        let secure = try location(server, "/file", "NGINX_TLS_URL")
                        let (through, direct) = scheme == "http" ? (plain, secure) : (secure, plain)
                        #expect(try await store.read(direct) == Self.bytes)
                        if password == "wrong-secret" {
                            let error = await #expect(throws: StoreError.self) {
                                try await store.open(through, range: nil)
                            }
                            #expect(!String(describing: error).contains(password))
                        } else {
                            #expect(try await store.read(through) == Self.bytes)
                            #expect(try await store.size(of: through) == 300_000)
                            #expect(try await store.read(through, range: 5..<9) == Array(Self.bytes[5..<9]))
                        }
                    }
                }
            }
        }
    }

    // MARK: Broken transfers

    @Test func noticesDataThatEndEarly() async throws {
        try await with { store, server async throws in
            for range in [nil, 0..<300_000] as [Range<Int64>?] {
                let content = try await store.open(location(server, "/cut/file"), range: range)
                await #expect(throws: StoreError.self) { try await content.bytes() }
            }
        }
    }

    @Test func endsTheRequestOfAReaderThatGoesAway() async throws {
        try await with { store, server async throws in
            for _ in 0..<20 {
                guard case .stream(_, let chunks) = try await store.open(location(server, "/file"), range: nil) else {
                    Issue.record("not a stream")
                    return
                }
                for try await chunk in chunks where chunk.readableBytes > 0 { break }
            }
            // Dropped without a look.
            for _ in 0..<20 { _ = try await store.open(location(server, "/file"), range: nil) }
            #expect(try await store.read(location(server, "/file")) == Self.bytes)
        }
    }

    @Test func reportsAServerThatIsAway() async throws {
        try await with { store, server async throws in
            try await server.stop()
            await #expect(throws: StoreError.backend("the connection to the HTTP server failed: Connection refused")) {
                try await store.open(location(server, "/file"), range: nil)
            }
            try await server.start()
            #expect(try await store.read(location(server, "/file")) == Self.bytes)
        }
    }
}
