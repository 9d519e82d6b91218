import Foundation
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

    @Test func `exit statuses of glance-status tell warnings from failures`() throws {
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

    @Test func `glance-status without an action says how it is used`() throws {
        let site = try CheckedSite("")
        for words in [[], ["upgrade"], ["upgrade", "nonsense"], ["--nonsense"]] {
            let run = try run("glance-status", words, in: site)
            #expect(run.status == 2 && run.output.isEmpty && run.complaint.contains("glance-status"), "\(words)")
        }
        #expect(try run("glance-status", ["--version"], in: site).status == 0)
        #expect(try run("glance-status", ["upgrade", "check", "--help"], in: site).output.contains("Exit status: 0"))
    }

    @Test func `glance-status prints the JSON that other status commands print`() throws {
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

    @Test func `glance-status reads what glance-api reads`() throws {
        let site = try CheckedSite("")
        try FileManager.default.createDirectory(atPath: site.directory + "/.glance", withIntermediateDirectories: true)
        try site.write(".glance/glance-api.conf", "[DEFAULT]\nworkers = many\n")
        let run = try run("glance-status", ["upgrade", "check"], in: site)
        #expect(run.output.contains("\(site.directory)/.glance/glance-api.conf:2: [DEFAULT] workers = 'many'"))
    }

    @Test func `check-config ends with the status of the worst failure, and warnings are none`() throws {
        let site = try readySite()
        func check() throws -> Run {
            try run("glance-api", ["--check-config", "--config-file", site.configurationFile], in: site)
        }
        let ready = try check()
        #expect(ready.status == 0 && ready.output.contains("Warning  Pipeline: ") && ready.complaint.isEmpty)
        // Nothing was started, and nothing was made.
        #expect(!FileManager.default.fileExists(atPath: site.directory + "/images"))

        try FileManager.default.removeItem(atPath: site.directory + "/glance.sqlite")
        #expect(try check().status == 1)
        try site.write("images", "not a directory")
        #expect(try check().status == 3)
        try site.write("policy.yaml", "[not rules")
        #expect(try check().status == 5)
    }
}
