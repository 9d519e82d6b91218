import Foundation
import Testing

@testable import OsloConfig

@Suite struct OptionDeclarationTests {
    private static let all = Options.common + Options.Store.all + Options.drivers.flatMap(\.options)
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test func everyDeclaredOptionIsListed() throws {
        let folder = Self.root.appending(path: "Sources/OsloConfig/Options")
        var declared = 0
        for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil) {
            declared += try String(contentsOf: file, encoding: .utf8).matches(of: #/static let \w+ = Option</#).count
        }
        #expect(declared == Self.all.count)
        #expect(declared > 490)
    }

    @Test func keysAreUniqueAndNamesAreSwiftNames() {
        #expect(Set(Self.all.map(\.key)).count == Self.all.count)
        #expect(Set(Self.all.map { $0.group + "/" + $0.name }).count == Self.all.count)
    }

    @Test func everyDefaultIsAValueOfItsType() throws {
        for option in Self.all {
            guard let text = option.defaultText, option.type != .multi else { continue }
            var written = text
            if case .list(_, bounded: true) = option.type { written = "[\(text)]" }
            #expect(throws: Never.self, "\(option.name)") { try option.parse(written) }
        }
    }

    @Test func everyOptionExplainsItself() {
        for option in Self.all {
            #expect(option.help.hasSuffix("."), "\(option.name)")
            #expect(option.help.count > 8, "\(option.name)")
            if case .noMeaning(let reason) = option.status { #expect(!reason.hasSuffix(".") && !reason.isEmpty) }
        }
    }

    /// Deployment tools render options that they have no value for as `name =`.
    @Test func emptyMeansUnsetWhereNothingIsTheDefault() throws {
        for option in Self.all where option.defaultText?.isEmpty ?? true {
            guard option.type != .multi, !option.choices.contains("") else { continue }
            #expect(try option.parse("") == nil, "[\(option.group)] \(option.name)")
            #expect(try option.parse(" ") == nil, "[\(option.group)] \(option.name)")
        }
        let configuration = try Configuration(
            text: """
                [keystone_authtoken]
                cafile =
                certfile =
                memcached_servers =
                [oslo_policy]
                policy_dirs =
                [glance_store]
                filesystem_store_datadir =
                """)
        #expect(configuration[Options.KeystoneAuthtoken.cafile] == nil)
        #expect(!configuration.isSet(Options.KeystoneAuthtoken.cafile))
        #expect(configuration[Options.KeystoneAuthtoken.certfile] == nil)
        #expect(configuration[Options.OsloPolicy.policyDirs] == [])
    }

    /// An option that says that it is honoured is read by something.
    @Test func everyHonouredOptionIsRead() throws {
        let sources = Self.root.appending(path: "Sources")
        let folder = sources.appending(path: "OsloConfig")
        var code = ""
        let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
        for case let file as URL in files
        where file.pathExtension == "swift" && !file.path.hasPrefix(folder.path + "/Options") {
            code += try String(contentsOf: file, encoding: .utf8)
        }
        let read = Set(code.matches(of: #/\.(\w+)/#).map { String($0.output.1) })
        let declarations = folder.appending(path: "Options")
        for file in try FileManager.default.contentsOfDirectory(at: declarations, includingPropertiesForKeys: nil) {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: #/static let (\w+) = Option<[^(]*>\(\s*\.honoured/#) {
                let name = String(match.output.1)
                #expect(read.contains(name), "\(file.lastPathComponent): \(name)")
            }
        }
    }

    @Test func projectsMayHaveTheirNamesOfOld() throws {
        let configuration = try Configuration(text: "[oslo_limit]\ntenant_id = a\ntenant_name = b")
        #expect(configuration[Options.OsloLimit.projectId] == "a")
        #expect(configuration[Options.OsloLimit.projectName] == "b")
    }

    @Test func passwordsAreSecret() {
        for option in Self.all where option.name.hasSuffix("password") || option.name.hasSuffix("_secret") {
            #expect(option.isSecret, "[\(option.group)] \(option.name)")
        }
    }

    @Test func theTypedReadReturnsWhatWasParsed() throws {
        let configuration = try Configuration(
            text: """
                [DEFAULT]
                user_storage_quota = 2GB
                [import_filtering_opts]
                allowed_ports = [1, 2]
                [oslo_policy]
                policy_dirs = a
                policy_dirs = b
                remote_timeout = 1.5
                [inject_metadata_properties]
                inject = a:1,b:2
                """)
        #expect(configuration[Options.Default.userStorageQuota] == 2 << 30)
        #expect(configuration[Options.ImportFilteringOpts.allowedPorts] == [1, 2])
        #expect(configuration[Options.OsloPolicy.policyDirs] == ["a", "b"])
        #expect(configuration[Options.OsloPolicy.remoteTimeout] == 1.5)
        #expect(configuration[Options.InjectMetadataProperties.inject]["b"] == "2")
    }

    /// The files in `etc/` are what the declarations render. `WRITE_SAMPLES=1` in the environment writes them anew.
    @Test(arguments: SampleConfiguration.allCases)
    func samplesAreUpToDate(sample: SampleConfiguration) throws {
        let file = Self.root.appending(path: "etc/" + sample.rawValue)
        if ProcessInfo.processInfo.environment["WRITE_SAMPLES"] == "1" {
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try sample.text.write(to: file, atomically: true, encoding: .utf8)
        }
        let isCurrent = try String(contentsOf: file, encoding: .utf8) == sample.text
        #expect(isCurrent, "etc/\(sample.rawValue) is out of date: run this test with WRITE_SAMPLES=1")
    }

    @Test(arguments: SampleConfiguration.allCases)
    func samplesAreConfigurationFilesThatSetNothing(sample: SampleConfiguration) throws {
        let file = try IniFile(path: sample.rawValue, bytes: Array(sample.text.utf8))
        #expect(file.assignments.isEmpty)
        #expect(!file.sections.isEmpty)
        #expect(sample.text.split(separator: "\n").allSatisfy { $0.hasPrefix("#") || $0.hasPrefix("[") })
    }
}
