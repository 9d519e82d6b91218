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
