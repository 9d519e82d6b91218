import Foundation
import Logging
import OsloConfig
import Scoreboard
import TestSupport
import Testing

@testable import ImageDatabase
@testable import UnifiedLimits

/// The ways to Keystone that `[oslo_limit]` has besides a password over plain HTTP.
@Suite(.serialized, .timeLimit(.minutes(5))) struct KeystoneAccessTests {
    private static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func check(_ text: String) async throws -> [String] {
        try await LimitsCheck(configuration: Configuration(text: text), logger: Self.silent).run()
    }

    @Test func tls() async throws {
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            let admin = try await KeystoneAdministrator(server)
            try await admin.register([
                "image_size_total": 1, "image_stage_total": 1, "image_count_total": 1, "image_count_uploading": 1,
            ])
            try await withServer("nginx", ["NGINX_BACKEND": admin.keystone.url]) { front in
                let url = try front.setting("NGINX_FRONT_URL")
                let authority = try front.setting("NGINX_CA")
                let certificate = try front.setting("NGINX_CERTIFICATE")
                let key = try front.setting("NGINX_KEY")
                /// What is read through nginx, the token and the limits alike.
                func check(_ path: String, _ options: String...) async throws -> [String] {
                    let text = admin.osloLimit().replacing(
                        "auth_url = \(admin.keystone.url)", with: "auth_url = \(url)\(path)/v3")
                    return try await self.check(
                        text + "endpoint_override = \(url)\(path)/v3\n" + options.map { $0 + "\n" }.joined())
                }
                // Nobody knows the tests' authority, and a certificate of its own is none.
                await #expect(throws: StartFailure.self) { try await check("") }
                await #expect(throws: StartFailure.self) { try await check("", "cafile = \(certificate)") }
                #expect(try log(front).isEmpty)

                #expect(try await check("", "cafile = \(authority)").isEmpty)
                let requests = try log(front)
                #expect(requests.contains("POST /v3/auth/tokens ") && requests.contains("GET /v3/registered_limits?"))
                #expect(try await check("", "insecure = true").isEmpty)
                #expect(try await check("", "cafile = \(authority)", "tls_min_version = 1.2").isEmpty)
                // nginx speaks 1.2.
                await #expect(throws: StartFailure.self) {
                    try await check("", "cafile = \(authority)", "tls_min_version = 1.3")
                }

                // nginx lets nobody through without a certificate.
                await #expect(throws: StartFailure.self) { try await check("/guarded", "cafile = \(authority)") }
                #expect(
                    try await check(
                        "/guarded", "cafile = \(authority)", "certfile = \(certificate)", "keyfile = \(key)"
                    ).isEmpty)

                // Whose certificate it is matters: there is none for this address.
                let other = url.replacing("127.0.0.1", with: "127.0.0.2")
                func checkOther(_ option: String) async throws -> [String] {
                    try await self.check(
                        admin.osloLimit().replacing("auth_url = \(admin.keystone.url)", with: "auth_url = \(other)/v3")
                            + "endpoint_override = \(other)/v3\n\(option)\n")
                }
                await #expect(throws: StartFailure.self) { try await checkOther("cafile = \(authority)") }
                #expect(try await checkOther("insecure = true").isEmpty)
                for wrong in ["cafile = \(key)", "cafile = /absent", "certfile = /absent", "certfile = \(authority)"] {
                    await #expect(throws: ConfigurationError.self, "\(wrong)") { try await check("", wrong) }
                }
            }
        }
    }

    private func log(_ nginx: SupportServer) throws -> String {
        try String(contentsOfFile: nginx.setting("NGINX_ACCESS_LOG"), encoding: .utf8)
    }

    @Test func applicationCredential() async throws {
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            let admin = try await KeystoneAdministrator(server)
            try await admin.register([
                "image_size_total": 5, "image_stage_total": 1, "image_count_total": 1, "image_count_uploading": 1,
            ])
            let secret = UUID().uuidString
            let (token, _) = try await admin.keystone.authenticate("glance", project: "service")
            let client = ImageClient(url: admin.keystone.url, token: token)
            let facts = try await client.request("GET", "/v3/auth/tokens", headers: [("X-Subject-Token", token)])
            let user = try #require(facts.json["token"]["user"]["id"].string)
            let path = "/v3/users/\(user)/application_credentials"
            let created = try await client.expect(
                201, "POST", path,
                json: ["application_credential": ["name": "limits", "secret": .string(secret)]])
            let id = try #require(created.json["application_credential"]["id"].string)

            func text(_ lines: String...) -> String {
                """
                [oslo_limit]
                auth_url = \(admin.keystone.url)
                auth_type = v3applicationcredential
                endpoint_id = \(admin.endpointID)
                region_name = RegionOne

                """ + lines.map { $0 + "\n" }.joined()
            }
            let byID = text("application_credential_id = \(id)", "application_credential_secret = \(secret)")
            let byName = text(
                "application_credential_name = limits", "username = glance", "user_domain_id = default",
                "application_credential_secret = \(secret)")
            for text in [byID, byName] {
                // A credential is one of a project, never of the whole system, which is said.
                let advice = try await check(text)
                #expect(advice.count == 1 && advice[0].contains("system_scope = all is not set"), "\(advice)")
            }
            let wrong = text("application_credential_id = \(id)", "application_credential_secret = wrong-secret")
            let failure = await #expect(throws: StartFailure.self) { try await check(wrong) }
            #expect(failure?.description.contains("refuses the service's own credentials") == true)
            #expect(failure?.description.contains("wrong-secret") == false)

            // The service itself keeps the mirror with it.
            try await withTemporaryDirectory { directory in
                let url = "sqlite:///\(directory)/glance.sqlite"
                let database = try ImageDatabase(url: url, logger: Self.silent)
                _ = try await SchemaMigrator(database).upgrade(to: "heads")
                let service = try await LimitsService(
                    configuration: Configuration(text: "[database]\nconnection = \(url)\n" + byID),
                    logger: Self.silent)
                let (refreshes, refreshed) = AsyncStream.makeStream(of: Void.self)
                try await service.run(
                    started: {}, beat: {}, refreshed: { refreshed.finish() }, until: { for await _ in refreshes {} })
                #expect(try await database.limits.mirror()?.mirror.defaults[.imageSizeTotal] == 5)
                await database.close()
            }
            try await client.expect(204, "DELETE", "\(path)/\(id)")
            await #expect(throws: StartFailure.self) { try await check(byID) }
        }
    }
}
