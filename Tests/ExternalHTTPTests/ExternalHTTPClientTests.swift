import Foundation
import NIOCore
import OutgoingHTTP
import TestSupport
import Testing

@testable import ExternalHTTP

/// The client against a real web server, with the name server of an attacker.
@Suite(.serialized) struct ExternalHTTPClientTests {
    @Test(
        "CVE-2026-34881: no redirect leads past the filter",
        arguments: [
            "http://127.0.0.2:PORT/never", "//127.0.0.2:PORT/never",
            "http://127.0.0.1@127.0.0.2:PORT/never", "http://forbidden.test:PORT/never",
            "http://forbidden.test.:PORT/never", "http://127.0.0.1:1/never", "http://169.254.169.254/never",
            "https://127.0.0.1:PORT/never",
        ])
    func redirectsAreChecked(target: String) async throws {
        try await with(
            "allowed_schemes = [http]\nallowed_hosts = [127.0.0.1]\nallowed_ports = [PORT]",
            ["forbidden.test": [["127.0.0.2"]]]
        ) { web async throws in
            for source in [ExternalHTTPClient.Source.client, .location] {
                await #expect(throws: ExternalHTTPError.refused) {
                    try await web.get("/to?" + target.replacing("PORT", with: web.port), source)
                }
            }
            #expect(try await web.requests("GET /").allSatisfy { $0.contains("\"GET /to?") })
        }
    }

    @Test(
        "CVE-2026-34881: no redirect leads to what is no http URL with a plain host, nor for ever",
        arguments: [
            ("/to?http://2130706434:PORT/never", ExternalHTTPError.badRedirect),
            ("/to?http://0x7f.0.0.2:PORT/never", .badRedirect), ("/to?http://0177.0.0.2:PORT/never", .badRedirect),
            ("/to?http://127.2:PORT/never", .badRedirect), ("/to?file:///etc/passwd", .badRedirect),
            ("/to?ftp://127.0.0.1/never", .badRedirect), ("/to?", .badRedirect), ("/loop", .tooManyRedirects(5)),
            ("/redirect/6/file", .tooManyRedirects(5)),
        ])
    func badRedirects(path: String, expected: ExternalHTTPError) async throws {
        try await with("allowed_hosts = [127.0.0.1]\nallowed_ports = [PORT]") { web async throws in
            await #expect(throws: expected) { try await web.get(path.replacing("PORT", with: web.port)) }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test("CVE-2026-71197: a name is looked up once, and its address is what gets the request")
    func namesAreLookedUpOnce() async throws {
        try await with("allowed_hosts = [rebinding.test]", ["rebinding.test": [["127.0.0.1"], ["127.0.0.2"]]]) {
            web async throws in
            let url = "http://rebinding.test:\(web.port)"
            #expect(try await web.get("\(url)/names", .location).body == "rebinding.test:\(web.port) ")
            #expect(web.names.lookups == 1)
            // The next request asks anew, and follows.
            #expect(try await web.get("\(url)/names", .location).body == "127.0.0.2")
            #expect(web.names.lookups == 2)
        }
    }

    @Test("CVE-2026-71197: a stored location is refused once its name leads to the machine itself")
    func storedNamesAreCheckedEachTime() async throws {
        try await with("", ["rebinding.test": [["192.0.2.1"], ["127.0.0.1"], ["::1", "::ffff:127.0.0.1"]]]) {
            web async throws in
            let url = "http://rebinding.test:\(web.port)/never"
            try await web.filter.check(try #require(ExternalURL("http://rebinding.test/")))
            for _ in 0..<2 {
                await #expect(throws: ExternalHTTPError.refused) { try await web.get(url, .location) }
            }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test("CVE-2026-71197: a redirect to the same name is a new lookup, and checked")
    func namesAreCheckedAtEachHop() async throws {
        try await with(
            "allowed_hosts = [127.0.0.1]\nallowed_ports = [PORT]", ["rebinding.test": [["127.0.0.1"]]]
        ) { web async throws in
            await #expect(throws: ExternalHTTPError.refused) {
                try await web.get("/to?http://rebinding.test:\(web.port)/never", .location)
            }
            #expect(try await web.requests("GET /never").isEmpty)
        }
    }

    @Test func storedLocationsKeepTheirPort() async throws {
        try await with("allowed_hosts = [127.0.0.1]") { web async throws in
            await #expect(throws: ExternalHTTPError.refused) { try await web.get("/names", .client) }
            #expect(try await web.get("/names", .location).status == 200)
            #expect(try await web.get("/to?http://127.0.0.1:\(web.port)/names", .location).status == 200)
            await #expect(throws: ExternalHTTPError.refused) {
                try await web.get("/to?\(web.server.setting("NGINX_TLS_URL"))/names", .location)
            }
        }
    }

    @Test("every allowed address of a name is tried")
    func everyAddressIsTried() async throws {
        try await with("allowed_hosts = [images.test]", ["images.test": [["127.0.0.3", "127.0.0.4", "127.0.0.1"]]]) {
            web async throws in
            #expect(try await web.get("http://images.test:\(web.port)/names", .location).status == 200)
            await #expect(throws: ExternalHTTPError.noConnection("Connection refused")) {
                try await web.get("http://images.test:1/names", .location)
            }
        }
    }

    @Test("Host, SNI and certificate are those of the name, not of the address")
    func namesStay() async throws {
        try await with(
            "allowed_hosts = [localhost, images.test]",
            ["localhost": [["127.0.0.2"]], "images.test": [["127.0.0.2"]]],
            verifies: true
        ) { web async throws in
            let port = try #require(web.server.setting("NGINX_TLS_URL").split(separator: ":").last)
            for host in ["localhost", "LOCALHOST."] {
                #expect(
                    try await web.get("https://\(host):\(port)/names", .location).body == "localhost:\(port) localhost")
            }
            await #expect(throws: ExternalHTTPError.untrusted) {
                try await web.get("https://images.test:\(port)/names", .location)
            }
        }
    }

    @Test("CVE-2013-0212: a login goes nowhere else, and none is taken from a redirect")
    func loginsStay() async throws {
        try await with("allowed_hosts = [127.0.0.1, localhost]\nallowed_ports = [PORT]", ["localhost": [["127.0.0.1"]]])
        { web async throws in
            let login = "glance:\(try web.server.setting("NGINX_PASSWORD"))"
            let address = "\(login)@127.0.0.1:\(web.port)"
            #expect(try await web.get("http://\(address)/to-private/file").status == 404)
            #expect(try await web.get("http://\(address)/away/file").status == 401)
            #expect(try await web.get("/to?http://\(login)@localhost:\(web.port)/private/file").status == 401)
            #expect(try await web.get("/to?http://\(address)/private/file").status == 401)
        }
    }

    @Test("CVE-2026-71197: a proxy gets names that only it knows, and none that lead to the machine itself")
    func namesBehindAProxy() async throws {
        try await withServer("tinyproxy") { server in
            let proxy = HTTPProxy(
                host: try server.setting("PROXY_HOST"), port: try #require(Int(server.setting("PROXY_PORT"))),
                user: try server.setting("PROXY_USER"), password: try server.setting("PROXY_PASSWORD"))
            // The first lookup fails, the second one leads to the machine itself.
            try await with("", ["localhost": [[], ["127.0.0.1"]]], proxy: proxy) { web async throws in
                let url = "http://localhost:\(web.port)/names"
                #expect(try await web.get(url, .location).body == "localhost:\(web.port) ")
                await #expect(throws: ExternalHTTPError.refused) { try await web.get(url, .location) }
                await #expect(throws: ExternalHTTPError.refused) { try await web.get("/never", .location) }
                #expect(try await web.requests("GET /").count == 1)
            }
        }
    }

    // MARK: The web server

    private struct Web: Sendable {
        let server: SupportServer
        let names: Names
        let filter: ExternalURLFilter
        let client: ExternalHTTPClient
        let port: String

        /// Gets a URL, or a path of the server.
        @discardableResult
        func get(
            _ url: String, _ source: ExternalHTTPClient.Source = .client
        ) async throws -> (status: UInt, body: String) {
            let text = url.hasPrefix("/") ? "http://127.0.0.1:\(port)" + url : url
            let response = try await client.send(.GET, try #require(ExternalURL(text)), source: source)
            var body = ByteBuffer()
            while var chunk = try await response.next() { body.writeBuffer(&chunk) }
            return (response.status.code, String(buffer: body))
        }

        /// Lines of the server's log whose requests begin with `text`. Ends the server: then it has logged everything.
        func requests(_ text: String) async throws -> [Substring] {
            try await server.stop()
            return try String(contentsOfFile: server.setting("NGINX_ACCESS_LOG"), encoding: .utf8).split(
                separator: "\n"
            )
            .filter { $0.contains("\"\(text)") }
        }
    }

    /// `PORT` in the options stands for the server's.
    private func with(
        _ options: String, _ answers: [String: [[String]]] = [:],
        verifies: Bool = false, proxy: HTTPProxy? = nil,
        _ body: @escaping @Sendable (Web) async throws -> Void
    ) async throws {
        try await withServer("nginx") { server in
            let port = String(try #require(server.setting("NGINX_URL").split(separator: ":").last))
            let names = Names(answers)
            let filter = try names.filter(options.replacing("PORT", with: port))
            var settings = ExternalHTTPSettings()
            settings.proxies["http"] = proxy
            if verifies { settings.certificateAuthorities = try server.setting("NGINX_CA") }
            try await body(
                Web(
                    server: server, names: names, filter: filter,
                    client: ExternalHTTPClient(settings: settings, filter: filter), port: port))
        }
    }
}
