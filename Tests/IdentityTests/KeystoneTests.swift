import Logging
import NIOCore
import NIOPosix
import NIOSSL
import OsloConfig
import OutgoingHTTP
import TestSupport
import Testing
import TextCoding

@testable import Identity

/// Tokens at a real Keystone.
@Suite(.serialized, .servers()) struct KeystoneTests {
    @Test func factsOfAToken() async throws {
        let site = try Site()
        let admin = try await site.admin()
        let role = try await admin.expect(201, "POST", "/v3/roles", json: ["role": ["name": "Auditor"]])
        let projects = try await admin.expect(200, "GET", "/v3/projects?name=demo").json["projects"].array
        let users = try await admin.expect(200, "GET", "/v3/users?name=demo").json["users"].array
        let project = try #require(projects.first?["id"].string)
        let user = try #require(users.first?["id"].string)
        let roleID = try #require(role.json["role"]["id"].string)
        try await admin.expect(204, "PUT", "/v3/projects/\(project)/users/\(user)/roles/\(roleID)")
        let token = try await site.tokens.token("demo", project: "demo")
        try await site.withAuthenticator { authenticator in
            let context = try await authenticator.authenticate(token: token, serviceToken: nil)
            #expect(context.userID == user)
            #expect(context.userName == "demo")
            #expect(context.userDomainID == "default")
            #expect(context.userDomainName == "Default")
            #expect(context.projectID == project)
            #expect(context.projectName == "demo")
            #expect(context.projectDomainID == "default")
            #expect(context.projectDomainName == "Default")
            #expect(Set(context.roles).isSuperset(of: ["auditor", "member", "reader"]))
            #expect(context.systemScope == nil)
            #expect(context.domainID == nil)
            #expect(context.service == nil)
            #expect(abs(context.expiresAt - Timestamp.now.secondsSince1970 - 3600) < 60)
            #expect(context.serviceCatalog?.hasPrefix("[{") == true)
            #expect(context.serviceCatalog?.contains("identity") == true)
            #expect(authenticator.challenge == "Keystone uri=\"\(site.url)\"")
        }
        try await site.withAuthenticator(tokens: TokenSettings(publicURL: site.url, includesCatalog: false)) {
            authenticator in
            let context = try await authenticator.authenticate(token: token, serviceToken: nil)
            #expect(context.serviceCatalog == nil)
        }
    }

    @Test func otherScopes() async throws {
        let site = try Site()
        for (scope, isSystem) in [(#"{"system": {"all": true}}"#, true), (#"{"domain": {"id": "default"}}"#, false)] {
            let body = """
                {"auth": {"identity": {"methods": ["password"], "password": {"user": {"name": "admin",
                "domain": {"id": "default"}, "password": "\(site.password)"}}}, "scope": \(scope)}}
                """
            let answer = try await ImageClient(url: site.url).request(
                "POST", "/v3/auth/tokens", headers: [("Content-Type", "application/json")],
                body: .bytes(ByteBuffer(string: body)))
            // The bootstrap gives the administrator no role in the domain.
            guard answer.status == 201 else {
                #expect(!isSystem)
                continue
            }
            let token = try #require(answer.header("X-Subject-Token"))
            try await site.withAuthenticator { authenticator in
                let context = try await authenticator.authenticate(token: token, serviceToken: nil)
                #expect(context.systemScope == (isSystem ? "all" : nil))
                #expect(context.domainID == (isSystem ? nil : "default"))
                #expect(context.projectID == nil)
            }
        }
    }

    @Test func everyWayToAuthenticate() async throws {
        let site = try Site()
        let token = try await site.tokens.token("demo", project: "demo")
        let glance = ImageClient(url: site.url, token: try await site.tokens.token("glance", project: "service"))
        let facts = try await glance.request(
            "GET", "/v3/auth/tokens", headers: [("X-Subject-Token", glance.token ?? "")])
        let user = try #require(facts.json["token"]["user"]["id"].string)
        let project = try #require(facts.json["token"]["project"]["id"].string)
        let created = try await glance.expect(
            201, "POST", "/v3/users/\(user)/application_credentials",
            json: ["application_credential": ["name": "service", "secret": "app-secret"]])
        let credential = try #require(created.json["application_credential"]["id"].string)
        let byName = KeystoneSettings.Credentials.password(.name("glance", .id("default")), password: site.password)
        let admin = KeystoneSettings.Credentials.password(.name("admin", .id("default")), password: site.password)
        for (url, credentials, scope) in [
            (site.url, byName, KeystoneSettings.Scope.project("service", .id("default"))),
            (site.url + "/v3", .password(.id(user), password: site.password), .projectID(project)),
            (site.url + "/v3/", byName, .projectID(project)),
            (site.url + "/v2.0", byName, .projectID(project)),
            (site.url, admin, .system),
            (site.url, .applicationCredential(id: credential, secret: "app-secret"), .implied),
            (
                site.url,
                .namedApplicationCredential(name: "service", .name("glance", .name("Default")), secret: "app-secret"),
                .implied
            ),
        ] {
            let settings = KeystoneSettings(authURL: url, credentials: credentials, scope: scope)
            try await site.withAuthenticator(settings) { authenticator in
                let context = try await authenticator.authenticate(token: token, serviceToken: nil)
                #expect(context.userName == "demo")
            }
        }
    }

    @Test func fromTheConfigurationOfTheInstallGuide() async throws {
        let site = try Site()
        let options = site.tokens.options(memcached: try site.memcached.setting("MEMCACHED_SERVERS"))
        let text = "[keystone_authtoken]\n" + options.map { "\($0) = \($1)\n" }.joined()
        let authenticator = try TokenAuthenticator(
            configuration: Configuration(text: text), eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            logger: Logger(label: "test"))
        let token = try await site.tokens.token("demo2", project: "demo2")
        let context = try await authenticator.authenticate(token: token, serviceToken: nil)
        #expect(context.projectName == "demo2")
        await authenticator.shutdown()
    }

    @Test func whatIsNoToken() async throws {
        let site = try Site()
        try await site.withAuthenticator { authenticator in
            for token in ["unknown", "", "a b", "a\nb", "é", String(repeating: "x", count: 100_000), "gAAAAA"] {
                await #expect(throws: IdentityError.invalidToken) {
                    try await authenticator.authenticate(token: token, serviceToken: nil)
                }
            }
        }
    }

    /// Keystone's own server refuses headers as long as these before Keystone sees them.
    @Test(arguments: [8190, 8192, 16_000, 65_536])
    func whatIsTooLongForKeystone(length: Int) async throws {
        let site = try Site()
        let user = try await site.tokens.token("demo", project: "demo")
        let long = String(repeating: "x", count: length)
        try await site.withAuthenticator { authenticator in
            await #expect(throws: IdentityError.invalidToken) {
                try await authenticator.authenticate(token: long, serviceToken: nil)
            }
            let context = try await authenticator.authenticate(token: user, serviceToken: long)
            #expect(context.service == nil)
        }
    }

    @Test func wrongCredentialsOfTheService() async throws {
        let site = try Site()
        var settings = site.settings()
        settings.credentials = .password(.name("glance", .name("Default")), password: "not-the-password")
        try await site.withAuthenticator(settings) { authenticator in
            let token = try await site.tokens.token("demo", project: "demo")
            let error = await #expect(throws: IdentityError.self) {
                try await authenticator.authenticate(token: token, serviceToken: nil)
            }
            #expect(error == .unavailable("Keystone refuses the service's own credentials"))
        }
    }

    @Test func accessRules() async throws {
        let site = try Site()
        let demo = ImageClient(url: site.url, token: try await site.tokens.token("demo", project: "demo"))
        let facts = try await demo.request("GET", "/v3/auth/tokens", headers: [("X-Subject-Token", demo.token ?? "")])
        let user = try #require(facts.json["token"]["user"]["id"].string)
        let created = try await demo.expect(
            201, "POST", "/v3/users/\(user)/application_credentials",
            json: [
                "application_credential": [
                    "name": "read", "secret": "read-secret",
                    "access_rules": [["service": "image", "method": "GET", "path": "/v2/images/**"]],
                ]
            ])
        let issued = try await ImageClient(url: site.url).request(
            "POST", "/v3/auth/tokens",
            json: [
                "auth": [
                    "identity": [
                        "methods": ["application_credential"],
                        "application_credential": [
                            "id": created.json["application_credential"]["id"], "secret": "read-secret",
                        ],
                    ]
                ]
            ])
        let token = try #require(issued.header("X-Subject-Token"))
        let service = try await site.tokens.token("glance", project: "service")
        try await site.withAuthenticator(tokens: TokenSettings(publicURL: site.url, serviceType: "image")) {
            authenticator in
            _ = try await authenticator.authenticate(
                token: token, serviceToken: nil, method: "GET", path: "/v2/images/1/file")
            for (method, path) in [("POST", "/v2/images"), ("GET", "/v2/tasks"), (nil, nil), ("GET", nil)] {
                await #expect(throws: IdentityError.invalidToken) {
                    try await authenticator.authenticate(
                        token: token, serviceToken: nil, method: method, path: path)
                }
            }
            // On behalf of the user another service may do more; pretending to be one helps nobody.
            _ = try await authenticator.authenticate(
                token: token, serviceToken: service, method: "POST", path: "/v2/images")
            await #expect(throws: IdentityError.invalidToken) {
                try await authenticator.authenticate(
                    token: token, serviceToken: "made-up", method: "POST", path: "/v2/images")
            }
        }
        try await site.withAuthenticator { authenticator in
            await #expect(throws: IdentityError.invalidToken, "the service doesn't know its own type") {
                try await authenticator.authenticate(
                    token: token, serviceToken: nil, method: "GET", path: "/v2/images/1")
            }
        }
    }

    @Test func parallelRequestsAskOnce() async throws {
        let site = try Site()
        let proxy = try await Proxy.start(to: site.port)
        let token = try await site.tokens.token("demo", project: "demo")
        try await site.withAuthenticator(site.settings(through: proxy)) { authenticator in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { _ = try await authenticator.authenticate(token: token, serviceToken: nil) }
                }
                try await group.waitForAll()
            }
            #expect(proxy.validations == 1)
            await #expect(throws: IdentityError.invalidToken) {
                try await authenticator.authenticate(token: "unknown", serviceToken: nil)
            }
            await #expect(throws: IdentityError.invalidToken) {
                try await authenticator.authenticate(token: "unknown", serviceToken: nil)
            }
            #expect(proxy.validations == 2, "a refusal is remembered too")
        }
        try await site.withAuthenticator(
            site.settings(through: proxy), tokens: TokenSettings(publicURL: site.url, cacheTime: -1)
        ) { authenticator in
            for _ in 0..<3 { _ = try await authenticator.authenticate(token: token, serviceToken: nil) }
            #expect(proxy.validations == 5, "nothing is remembered")
        }
        try await proxy.stop()
    }

    @Test func revocationIsSeenAfterTheCacheTime() async throws {
        let site = try Site()
        let token = try await site.tokens.token("demo", project: "demo")
        let admin = try await site.admin()
        try await site.withAuthenticator(tokens: TokenSettings(publicURL: site.url, cacheTime: 2)) { authenticator in
            let start = ContinuousClock.now
            _ = try await authenticator.authenticate(token: token, serviceToken: nil)
            let revoked = try await admin.request("DELETE", "/v3/auth/tokens", headers: [("X-Subject-Token", token)])
            #expect(revoked.status == 204)
            if ContinuousClock.now < start + .seconds(1) {
                _ = try await authenticator.authenticate(token: token, serviceToken: nil)
            }
            let end = ContinuousClock.now + .seconds(20)
            await #expect(throws: IdentityError.invalidToken) {
                while ContinuousClock.now < end {
                    _ = try await authenticator.authenticate(token: token, serviceToken: nil)
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    /// Disabling a project revokes the tokens for it, the service's own too.
    @Test func aRevokedOwnTokenIsReplaced() async throws {
        let site = try Site()
        let admin = try await site.admin()
        let made = try await admin.expect(
            201, "POST", "/v3/projects", json: ["project": ["name": "own", "domain_id": "default"]])
        let project = try #require(made.json["project"]["id"].string)
        let user = try await admin.expect(200, "GET", "/v3/users?name=glance").json["users"].array
        let role = try await admin.expect(200, "GET", "/v3/roles?name=admin").json["roles"].array
        let (userID, roleID) = (try #require(user.first?["id"].string), try #require(role.first?["id"].string))
        try await admin.expect(204, "PUT", "/v3/projects/\(project)/users/\(userID)/roles/\(roleID)")
        var settings = site.settings()
        settings.scope = .projectID(project)
        try await site.withAuthenticator(settings, tokens: TokenSettings(publicURL: site.url, cacheTime: -1)) {
            authenticator in
            let token = try await site.tokens.token("demo", project: "demo")
            _ = try await authenticator.authenticate(token: token, serviceToken: nil)
            for enabled in [false, true] {
                let change = try await admin.request(
                    "PATCH", "/v3/projects/\(project)", json: ["project": ["enabled": .bool(enabled)]])
                #expect(change.status == 200)
            }
            // A revocation counts by whole seconds, so for a moment new tokens are revoked as well.
            let end = ContinuousClock.now + .seconds(20)
            while true {
                do {
                    _ = try await authenticator.authenticate(token: token, serviceToken: nil)
                    break
                } catch IdentityError.unavailable where ContinuousClock.now < end {
                    try await Task.sleep(for: .milliseconds(100))
                }
            }
        }
    }

    @Test func whenKeystoneIsAway() async throws {
        let site = try Site()
        let known = try await site.tokens.token("demo", project: "demo")
        let unknown = try await site.tokens.token("demo2", project: "demo2")
        try await site.withAuthenticator { authenticator in
            _ = try await authenticator.authenticate(token: known, serviceToken: nil)
            try await site.keystone.stop()
            _ = try await authenticator.authenticate(token: known, serviceToken: nil)
            for serviceToken in [nil, "whatever"] {
                let start = ContinuousClock.now
                let error = await #expect(throws: IdentityError.self) {
                    try await authenticator.authenticate(token: unknown, serviceToken: serviceToken)
                }
                #expect(ContinuousClock.now - start < .seconds(5))
                guard case .unavailable(let reason)? = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
                #expect(!reason.contains(unknown) && !reason.contains(site.password))
            }
            try await site.withAuthenticator { fresh in
                await #expect(throws: IdentityError.self, "nor can it get a token of its own") {
                    try await fresh.authenticate(token: unknown, serviceToken: nil)
                }
            }
            try await site.keystone.start()
            _ = try await authenticator.authenticate(token: unknown, serviceToken: nil)
        }
    }

    @Test func aKeystoneThatDoesNotAnswer() async throws {
        let site = try Site()
        let silent = try await Proxy.start(to: nil)
        var settings = site.settings(through: silent)
        settings.timeout = 1
        try await site.withAuthenticator(settings) { authenticator in
            let duration = await ContinuousClock().measure {
                await #expect(throws: IdentityError.self) {
                    try await authenticator.authenticate(token: "token", serviceToken: nil)
                }
            }
            #expect(duration < .seconds(10))
        }
        try await silent.stop()
    }

    @Test func tls() async throws {
        let site = try Site()
        try await withTemporaryDirectory { directory in
            try await command(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=IP:127.0.0.1", "-keyout", directory + "/key.pem", "-out", directory + "/cert.pem",
                ])
            let certificate = try NIOSSLCertificate.fromPEMFile(directory + "/cert.pem")
            var tls = TLSConfiguration.makeServerConfiguration(
                certificateChain: certificate.map { .certificate($0) },
                privateKey: .privateKey(try NIOSSLPrivateKey(file: directory + "/key.pem", format: .pem)))
            tls.trustRoots = .certificates(certificate)
            let open = try await Proxy.start(to: site.port, tls: tls)
            tls.certificateVerification = .noHostnameVerification
            let guarded = try await Proxy.start(to: site.port, tls: tls)

            func attempt(_ proxy: Proxy, _ change: (inout TLSSettings) -> Void) async throws {
                var settings = site.settings(through: proxy)
                settings.authURL = "https://127.0.0.1:\(proxy.port)/v3"
                settings.maxRetries = 0
                change(&settings.tls)
                let token = try await site.tokens.token("demo", project: "demo")
                try await site.withAuthenticator(settings) { authenticator in
                    _ = try await authenticator.authenticate(token: token, serviceToken: nil)
                }
            }
            await #expect(throws: IdentityError.self) { try await attempt(open) { _ in } }
            try await attempt(open) { $0.isInsecure = true }
            try await attempt(open) { $0.caFile = directory + "/cert.pem" }
            await #expect(throws: IdentityError.self) {
                try await attempt(guarded) { $0.caFile = directory + "/cert.pem" }
            }
            try await attempt(guarded) {
                $0.caFile = directory + "/cert.pem"
                $0.certificateFile = directory + "/cert.pem"
                $0.keyFile = directory + "/key.pem"
            }
            for change: (inout TLSSettings) -> Void in [
                { $0.caFile = directory + "/absent" }, { $0.caFile = directory + "/key.pem" },
                { $0.certificateFile = directory + "/absent" }, { $0.certificateFile = directory + "/cert.pem" },
            ] {
                let error = await #expect(throws: IdentityError.self) { try await attempt(open, change) }
                guard case .badConfiguration = error else {
                    Issue.record("\(String(describing: error))")
                    continue
                }
            }
            try await open.stop()
            try await guarded.stop()
        }
    }

    @Test func authenticatorsShareMemcached() async throws {
        let site = try Site()
        let secret = Array("s3cret".utf8)
        for protection: CacheProtection in [.none, .mac(secret: secret), .encrypt(secret: secret)] {
            let proxy = try await Proxy.start(to: site.port)
            let memcached = try site.memcachedSettings(protection)
            let settings = site.settings(through: proxy)
            let token = try await site.tokens.token("demo", project: "demo")
            let realm = "\(settings.authURL) true"
            let digest = TokenDigest(of: token)
            let key = protection.entryKey(digest, realm: realm)
            let entry = try MemcachedConnection(memcached.servers[0], settings: memcached)
            let (first, stored) = try await site.withAuthenticator(
                settings, tokens: TokenSettings(publicURL: site.url, memcached: memcached)
            ) { authenticator in
                let context = try await authenticator.authenticate(token: token, serviceToken: nil)
                #expect(proxy.validations == 1)
                // It is stored in the background.
                let end = ContinuousClock.now + .seconds(20)
                while true {
                    if let stored = try entry.value(for: key) { return (context, stored) }
                    guard ContinuousClock.now < end else { throw TestFailure("nothing is stored") }
                    try await Task.sleep(for: .milliseconds(20))
                }
            }
            #expect(
                String(decoding: stored, as: UTF8.self).contains("demo") == !(protection == .encrypt(secret: secret)))
            #expect(!String(decoding: stored, as: UTF8.self).contains(token))
            try await site.withAuthenticator(settings, tokens: TokenSettings(publicURL: site.url, memcached: memcached))
            { authenticator in
                let context = try await authenticator.authenticate(token: token, serviceToken: nil)
                #expect(context == first)
                #expect(proxy.validations == 1, "the second found what the first had stored")
            }
            // Forged, or of somebody with another secret.
            var forged = stored
            forged[forged.count - 3] ^= 1
            try entry.set(forged, for: key, lifetime: 60)
            try await site.withAuthenticator(settings, tokens: TokenSettings(publicURL: site.url, memcached: memcached))
            { authenticator in
                let context = try await authenticator.authenticate(token: token, serviceToken: nil)
                #expect(context == first)
                #expect(proxy.validations == 2)
            }
            try await proxy.stop()
        }
    }

    @Test func memcachedAwayDisturbsNobody() async throws {
        let site = try Site()
        let memcached = try site.memcachedSettings()
        let token = try await site.tokens.token("demo", project: "demo")
        try await site.withAuthenticator(tokens: TokenSettings(publicURL: site.url, memcached: memcached)) {
            authenticator in
            try await site.memcached.stop()
            let duration = try await ContinuousClock().measure {
                _ = try await authenticator.authenticate(token: token, serviceToken: nil)
            }
            #expect(duration < .seconds(5))
            try await site.memcached.start()
        }
    }
}
