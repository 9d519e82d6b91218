import Foundation
import Testing

/// The executable as operators and scripts call it.
@Suite struct GlanceManageTests {
    private struct Run {
        var status: Int32
        var output: String
        var complaint: String
    }

    /// A directory with a configuration file that names an SQLite database in it.
    private struct Place: ~Copyable {
        let directory: URL

        init() throws {
            directory = FileManager.default.temporaryDirectory.appendingPathComponent(
                "glance-manage-" + UUID().uuidString)
            try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
            try write("glance.conf", "[database]\nconnection = sqlite:///\(directory.path)/glance.sqlite\n")
        }

        deinit { try? FileManager.default.removeItem(at: directory) }

        var configuration: String { directory.path + "/glance.conf" }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: directory.appendingPathComponent(name))
        }

        /// Runs a command line in which `CONF` stands for the configuration file.
        func run(_ line: String) throws -> Run {
            let words = line.split(separator: " ").map { $0.replacingOccurrences(of: "CONF", with: configuration) }
            let process = Process()
            let (output, complaint) = (directory.appendingPathComponent("out"), directory.appendingPathComponent("err"))
            for file in [output, complaint] { try Data().write(to: file) }
            process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
                .appendingPathComponent("glance-manage")
            process.arguments = words
            process.environment = ["HOME": directory.path]
            process.standardOutput = try FileHandle(forWritingTo: output)
            process.standardError = try FileHandle(forWritingTo: complaint)
            try process.run()
            process.waitUntilExit()
            return Run(
                status: process.terminationStatus,
                output: try String(contentsOf: output, encoding: .utf8),
                complaint: try String(contentsOf: complaint, encoding: .utf8))
        }
    }

    @Test(arguments: [
        "--config-file CONF db sync", "--config-file=CONF db_sync", "db sync --config-file CONF",
        "-d db_sync 12 --config-file CONF",
    ])
    func createsADatabaseOnce(line: String) throws {
        let place = try Place()
        let first = try place.run(line)
        #expect(first.status == 0 && first.output.hasSuffix("Database is synced successfully.\n"))
        let check = try place.run("--config-file CONF db check")
        #expect(check.status == 0 && !check.complaint.contains("index"))
        let second = try place.run(line)
        #expect(second.status == 0 && second.output == "Database is up to date. No migrations needed.\n")
        #expect(try place.run("--config-file CONF db version").output == "2024_1_contract01\n")
    }

    @Test func goesThroughThePhasesOfARollingUpgrade() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        #expect(try run("db check").status == 3)
        #expect(try run("db contract").status == 1)
        #expect(try run("db migrate").status == 1)
        #expect(try run("db expand").output.contains("current revision(s): 2024_1_expand01"))
        #expect(try run("db_expand").output == "Database expansion is up to date. No expansion needed.\n")
        #expect(try run("db migrate").output == "Database migration is up to date. No migration needed.\n")
        #expect(try run("db_check").status == 5)
        #expect(try run("db contract").status == 0)
        #expect(try run("db contract").output == "Database is up to date. No migrations needed.\n")
        let check = try run("db check")
        #expect(check.status == 0 && check.output == "Database is up to date. No upgrades needed.\n")
    }

    @Test func upgradesAndStamps() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        #expect(
            try run("db upgrade --version pike_contract01").output
                == "Upgraded database to: pike_contract01, current revision(s): pike_contract01\n")
        #expect(try run("db_upgrade").output == "Upgraded database, current revision(s): 2024_1_contract01\n")
        #expect(try run("db upgrade wrong").complaint.contains("Can't locate revision identified by 'wrong'"))
        #expect(try run("db upgrade wrong").status == 1)
        #expect(
            try run("db version_control --version wallaby_contract01").output
                == "Placed database under migration control at revision: wallaby_contract01\n")
        #expect(
            try run("db_version_control").output == "Placed database under migration control at revision: liberty\n")
        #expect(try run("db version").output == "liberty\n")
    }

    @Test func purgesWithinLimits() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        #expect(try run("db sync").status == 0)
        #expect(try run("db purge").status == 0)
        #expect(try run("db purge_images_table --age_in_days 1 --max_rows -1").status == 0)
        for (arguments, complaint) in [
            ("--age_in_days -1", "Must supply a non-negative value for age."),
            ("--age_in_days 99999", "Maximal age is count of days since epoch."),
            ("--max_rows=-2", "Minimal rows limit is -1."),
        ] {
            let result = try run("db purge \(arguments)")
            #expect(result.status == 1 && result.complaint == complaint + "\n")
        }
    }

    @Test(arguments: [
        "", "db", "db nosuch", "nosuch", "db check --config-file", "db purge --age_in_days x", "db purge --max_rows",
        "db sync 1 2", "db_purge", "--shell_completion fish db check",
    ])
    func aWrongCommandLineIsStatus2(line: String) throws {
        let result = try Place().run(line)
        #expect(result.status == 2 && result.output.isEmpty && !result.complaint.isEmpty)
    }

    @Test func tellsAboutItself() throws {
        let place = try Place()
        let version = try place.run("--version")
        #expect(version.status == 0 && version.output.split(separator: ".").count == 3)
        #expect(try place.run("db purge --help").output.contains("--age_in_days"))
        #expect(try place.run("--shell_completion bash").output.contains("glance-manage"))
    }

    @Test func saysWhatIsWrongWithTheConfiguration() throws {
        let place = try Place()
        try place.write("glance.conf", "[database]\nconnection = mysql+pymysql://u:secret@h/d\n")
        let mysql = try place.run("--config-file CONF db sync")
        #expect(mysql.status == 1 && mysql.complaint.contains("MySQL") && !mysql.complaint.contains("secret"))
        try place.write("glance.conf", "[database]\nmax_retries = many\n")
        let wrong = try place.run("--config-file CONF db sync")
        #expect(wrong.status == 1 && wrong.complaint.contains("max_retries") && wrong.complaint.contains("glance.conf"))
        try place.write("glance.conf", "[DEFAULT]\n")
        #expect(try place.run("--config-file CONF db sync").complaint.contains("[database] connection is not set"))
        #expect(try place.run("--config-file /nonexistent db sync").status == 1)
    }

    @Test func laterFilesWinOverEarlierOnes() throws {
        let place = try Place()
        try place.write("other.conf", "[database]\nconnection = sqlite:///\(place.directory.path)/other.sqlite\n")
        let other = place.directory.path + "/other.conf"
        #expect(try place.run("--config-file CONF db sync --config-file \(other)").status == 0)
        #expect(FileManager.default.fileExists(atPath: place.directory.path + "/other.sqlite"))
        #expect(!FileManager.default.fileExists(atPath: place.directory.path + "/glance.sqlite"))
    }

    private static let definition = """
        {"namespace": "OS::Test", "display_name": "Test", "visibility": "public", "protected": true, "owner": "admin", \
        "resource_type_associations": [{"name": "OS::Glance::Image", "prefix": "hw_"}], \
        "properties": {"a": {"title": "A", "type": "string", "enum": ["x", "y"]}}, \
        "objects": [{"name": "o", "required": ["b"], "properties": {"b": {"title": "B", "type": "integer"}}}], \
        "tags": [{"name": "t"}]}
        """

    @Test func loadsAndExportsMetadataDefinitions() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        _ = try run("db sync")
        let directory = place.directory.path + "/definitions"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try place.write("definitions/test.json", Self.definition)
        try place.write("definitions/notes.txt", "not one of them")
        let first = try run("db load_metadefs --path \(directory)")
        #expect(first.status == 0 && first.output.contains("Loaded the namespace OS::Test"))
        #expect(try run("db load_metadefs --path \(directory)").output.contains("Skipped the namespace OS::Test"))
        let exported = place.directory.path + "/exported"
        #expect(try run("db export_metadefs --path \(exported)").status == 0)
        let written = try String(contentsOfFile: exported + "/OS__Test.json", encoding: .utf8)
        for part in [#""enum": ["x", "y"]"#, #""prefix": "hw_""#, #""required": ["b"]"#, #""name": "t""#] {
            #expect(written.contains(part))
        }
        // Merged, what is new is added, and what is there changes only where the new is preferred.
        let changed = Self.definition.replacing(#""title": "A""#, with: #""title": "New""#)
            .replacing(#"[{"name": "t"}]"#, with: #"[{"name": "t"}, {"name": "u"}]"#)
        try place.write("changed.json", changed)
        let file = place.directory.path + "/changed.json"
        func export() throws -> String {
            _ = try run("db export_metadefs --path \(exported)")
            return try String(contentsOfFile: exported + "/OS__Test.json", encoding: .utf8)
        }
        #expect(try run("db load_metadefs --path \(file) --merge").status == 0)
        var text = try export()
        #expect(text.contains(#""name": "u""#) && text.contains(#""title": "A""#))
        #expect(try run("db_load_metadefs \(file) true true").status == 0)
        text = try export()
        #expect(text.contains(#""title": "New""#))
        #expect(try run("db load_metadefs --path \(directory) --overwrite").status == 0)
        text = try export()
        #expect(!text.contains(#""name": "u""#) && text.contains(#""title": "A""#))
        try FileManager.default.removeItem(atPath: exported)
        #expect(try run("db unload_metadefs").status == 0)
        #expect(try run("db export_metadefs --path \(exported)").output.isEmpty)
    }

    /// What comes with the service goes through the database and back unchanged.
    @Test func shippedDefinitionsAreLoadedAndExported() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        _ = try run("db sync")
        let shipped = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../etc/metadefs")
            .standardized.path(percentEncoded: false)
        let loaded = try run("db load_metadefs --path \(shipped)")
        #expect(loaded.status == 0, "\(loaded.complaint)")
        let definitions = try Self.definitions(shipped)
        #expect(loaded.output.split(separator: "\n").count { $0.hasPrefix("Loaded") } == definitions.count)
        #expect(definitions.count > 30)
        for round in ["first", "second"] {
            let exported = "\(place.directory.path)/\(round)"
            #expect(try run("db export_metadefs --path \(exported)").status == 0)
            #expect(try Self.definitions(exported) == definitions)
            #expect(try run("db unload_metadefs").status == 0)
            #expect(try run("db load_metadefs --path \(exported)").status == 0)
        }
    }

    /// The definitions in a directory by namespace, with lists in the order of names.
    private static func definitions(_ directory: String) throws -> [String: NSDictionary] {
        var found: [String: NSDictionary] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
            let data = try Data(contentsOf: URL(filePath: "\(directory)/\(name)"))
            var members = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
            for (member, value) in members {
                guard let list = value as? [[String: Any]] else { continue }
                members[member] = list.sorted { $0["name"] as? String ?? "" < $1["name"] as? String ?? "" }
            }
            if members["owner"] == nil { members["owner"] = "admin" }
            if (members["resource_type_associations"] as? [Any])?.isEmpty == true {
                members["resource_type_associations"] = nil
            }
            found[try #require(members["namespace"] as? String)] = members as NSDictionary
        }
        return found
    }

    @Test func filesThatAreNoDefinitionsAreTold() throws {
        let place = try Place()
        func run(_ action: String) throws -> Run { try place.run("--config-file CONF \(action)") }
        _ = try run("db sync")
        try place.write("bad.json", #"{"display_name": "x"}"#)
        let bad = try run("db load_metadefs --path \(place.directory.path)/bad.json")
        #expect(bad.status == 1 && bad.complaint.contains("it names no namespace"))
        let absent = try run("db load_metadefs --path /nowhere")
        #expect(absent.status == 1 && absent.complaint.contains("/nowhere"))
    }
}
