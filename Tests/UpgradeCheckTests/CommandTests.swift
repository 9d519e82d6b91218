import Foundation
import TestSupport
import Testing

/// `glance-status upgrade check` and `glance-api --check-config` as operators and scripts call them.
@Suite struct CommandTests {
    private struct Run {
        var status: Int32
        var output: String
        var complaint: String
    }

    private func run(_ program: String, _ words: [String], in site: borrowing CheckedSite) throws -> Run {
        let process = Process()
        let files = ["out", "err"].map { "\(site.directory)/\($0)" }
        for file in files { try Data().write(to: URL(filePath: file)) }
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: program)
        process.arguments = words
        process.environment = ["HOME": site.directory]
        process.standardOutput = try FileHandle(forWritingTo: URL(filePath: files[0]))
        process.standardError = try FileHandle(forWritingTo: URL(filePath: files[1]))
        try process.run()
        process.waitUntilExit()
        let texts = try files.map { try String(contentsOfFile: $0, encoding: .utf8) }
        return Run(status: process.terminationStatus, output: texts[0], complaint: texts[1])
    }

    /// A database that this release has made, a policy of today and no Keystone.
    private func readySite() throws -> CheckedSite {
        let site = try CheckedSite(
            """
            [DEFAULT]
            enabled_backends = local:file
            bind_host = 127.0.0.1
            bind_port = \(try Site.freePort())
            workers = 1
            [glance_store]
            default_backend = local
            [local]
            filesystem_store_datadir = DIR/images
            [database]
            connection = sqlite:///DIR/glance.sqlite

            """)
        let sync = try run("glance-manage", ["--config-file", site.configurationFile, "db", "sync"], in: site)
        try #require(sync.status == 0)
        return site
    }

    @Test func exitStatusesOfGlanceStatusTellWarningsFromFailures() throws {
        let site = try readySite()
        let words = ["--config-file", site.configurationFile, "upgrade", "check"]
        // Without Keystone everybody is an administrator.
        let warned = try run("glance-status", words, in: site)
        #expect(warned.status == 1 && warned.complaint.isEmpty)
        let lines = warned.output.split(separator: "\n")
        #expect(lines.first == "Success  Configuration: read from \(site.configurationFile)")
        #expect(lines.allSatisfy { $0.contains(/^(Success|Warning|Failure)  [A-Z][a-z A-Z]+: ./) })
        #expect(lines.filter { !$0.hasPrefix("Success") }.count == 1)

        // Wherever a pipeline of the operator's own names no filter for it, nothing is left to say.
        try site.write(
            "glance-api-paste.ini",
            """
            [composite:glance-api]
            paste.composite_factory = glance.api:root_app_factory
            /: api
            [pipeline:api]
            pipeline = rootapp
            [composite:rootapp]
            paste.composite_factory = glance.api:root_app_factory
            /: apiversions
            /v2: apiv2app
            [app:apiversions]
            paste.app_factory = glance.api.versions:create_resource
            [app:apiv2app]
            paste.app_factory = glance.api.v2.router:API.factory

            """)
        let fine = try run("glance-status", words, in: site)
        #expect(fine.status == 0, "\(fine.output)")

        try FileManager.default.removeItem(atPath: site.directory + "/glance.sqlite")
        let failed = try run("glance-status", ["upgrade", "check", "--config-file", site.configurationFile], in: site)
        #expect(failed.status == 2)
        #expect(
            failed.output.contains(
                "Failure  Database: \(site.directory)/glance.sqlite does not exist; run: glance-manage db sync\n"))
    }

    @Test func glanceStatusWithoutAnActionSaysHowItIsUsed() throws {
        let site = try CheckedSite("")
        for words in [[], ["upgrade"], ["upgrade", "nonsense"], ["--nonsense"]] {
            let run = try run("glance-status", words, in: site)
            #expect(run.status == 2 && run.output.isEmpty && run.complaint.contains("glance-status"), "\(words)")
        }
        #expect(try run("glance-status", ["--version"], in: site).status == 0)
        #expect(try run("glance-status", ["upgrade", "check", "--help"], in: site).output.contains("Exit status: 0"))
    }

    @Test func glanceStatusPrintsTheJSONThatOtherStatusCommandsPrint() throws {
        let site = try CheckedSite("[DEFAULT]\nworkers = many\n")
        let run = try run(
            "glance-status", ["--config-file", site.configurationFile, "upgrade", "check", "--json"], in: site)
        #expect(run.status == 2)
        struct Document: Decodable {
            struct Check: Decodable {
                var check: String
                var result: Int
                var details: String
            }
            var name: String
            var checks: [Check]
        }
        let document = try JSONDecoder().decode(Document.self, from: Data(run.output.utf8))
        #expect(document.name == "Upgrade Check Results")
        #expect(document.checks.map(\.check) == ["Configuration"] && document.checks.map(\.result) == [2])
    }

    @Test func glanceStatusReadsWhatGlanceApiReads() throws {
        let site = try CheckedSite("")
        try FileManager.default.createDirectory(atPath: site.directory + "/.glance", withIntermediateDirectories: true)
        try site.write(".glance/glance-api.conf", "[DEFAULT]\nworkers = many\n")
        let run = try run("glance-status", ["upgrade", "check"], in: site)
        #expect(run.output.contains("\(site.directory)/.glance/glance-api.conf:2: [DEFAULT] workers = 'many'"))
    }

    @Test(.timeLimit(.minutes(5)))
    func checkConfigEndsWithTheStatusWithWhichTheStartEndsAndWarningsAreNone() async throws {
        let site = try readySite()
        let words = ["--config-file", site.configurationFile]
        func check() throws -> Run { try run("glance-api", ["--check-config"] + words, in: site) }
        func bothEnd(with status: Int32) throws {
            let (check, start) = (try check(), try run("glance-api", words, in: site))
            #expect(check.status == status, "\(check.output)")
            #expect(start.status == status, "\(start.complaint)")
        }
        let ready = try check()
        #expect(ready.status == 0 && ready.output.contains("Warning  Pipeline: ") && ready.complaint.isEmpty)
        // Nothing was started, and nothing was made.
        #expect(!FileManager.default.fileExists(atPath: site.directory + "/images"))

        // From what a start meets last to what it meets first.
        let configuration = try String(contentsOfFile: site.configurationFile, encoding: .utf8)
        try site.write("glance-api.conf", configuration + "[keystone_authtoken]\n[paste_deploy]\nflavor = keystone\n")
        try bothEnd(with: 5)
        try site.write("glance-api.conf", "[DEFAULT]\nhashing_algorithm = rot13\n" + configuration)
        try bothEnd(with: 4)
        try site.write("policy.yaml", "[not rules")
        try bothEnd(with: 5)
        try FileManager.default.removeItem(atPath: site.directory + "/images")
        try site.write("images", "not a directory")
        try bothEnd(with: 3)
        try FileManager.default.removeItem(atPath: site.directory + "/glance.sqlite")
        try bothEnd(with: 6)
        try FileManager.default.removeItem(atPath: site.directory + "/images")
        try site.write(
            "glance-api.conf",
            configuration.replacing(
                "sqlite:///\(site.directory)/glance.sqlite", with: "postgresql://a:b@127.0.0.1:1/c?connect_timeout=3")
                + "max_retries = 0\n")
        try bothEnd(with: 7)
        try site.write("glance-api.conf", configuration + "connection = oracle://a:b@c/d\n")
        try bothEnd(with: 1)
        try site.write("glance-api.conf", configuration + "[DEFAULT]\nlog_dir = \(site.configurationFile)\n")
        try bothEnd(with: 1)
        try site.write("glance-api.conf", configuration + "[DEFAULT]\nworkers = many\n")
        try bothEnd(with: 5)
    }

    @Test func checkConfigEndsWith1WhereAStartWouldGoOnWithoutAnswering() throws {
        let site = try readySite()
        let file = try FileHandle(forWritingTo: URL(filePath: site.configurationFile))
        try file.seekToEnd()
        try file.write(
            contentsOf: Data(
                """
                [paste_deploy]
                flavor = keystone
                [keystone_authtoken]
                auth_type = password
                auth_url = http://127.0.0.1:1/v3
                username = glance
                password = secret
                user_domain_name = Default
                project_name = service
                project_domain_name = Default

                """.utf8))
        let check = try run("glance-api", ["--check-config", "--config-file", site.configurationFile], in: site)
        #expect(check.status == 1 && check.output.contains("Failure  Keystone: "), "\(check.output)")
    }
}
