import Foundation
import Testing

/// Holds `Package.swift`, the table of modules in `docs/architecture.md`, and the sources to each other.
@Suite struct ArchitectureTests {
    static let manifest = Result { try Manifest() }

    /// All modules but the shims.
    static let modules = ((try? manifest.get().dependencies.keys.sorted()) ?? []).filter { !Manifest.isShim($0) }

    @Test func everyFolderIsAModule() throws {
        let folders = try FileManager.default.contentsOfDirectory(atPath: Manifest.sources.path)
            .filter { !$0.hasPrefix(".") }
        #expect(try Set(folders) == Set(Self.manifest.get().dependencies.keys))
        #expect(Self.modules.count > 20)
    }

    @Test func theTableHasEveryModuleOnce() throws {
        let named = try ModuleTable().rows.flatMap(\.modules)
        #expect(try named.sorted() == Self.manifest.get().dependencies.keys.sorted())
    }

    @Test func theTableSaysWhatThePackageSays() throws {
        let dependencies = try Self.manifest.get().dependencies
        for row in try ModuleTable().rows {
            for module in row.modules where !Manifest.isShim(module) {
                let known = try #require(dependencies[module]).filter { !Manifest.isShim($0) }
                #expect(
                    row.mayKnow == known,
                    "docs/architecture.md, row \(module): \(known.sorted().map { "`\($0)`" }.joined(separator: ", "))")
            }
        }
    }

    /// So that there is no circle either.
    @Test func theTableOnlyPointsDown() throws {
        var above: Set<String> = []
        for row in try ModuleTable().rows {
            above.formUnion(row.modules)
            #expect(above.isDisjoint(with: row.mayKnow), "\(row.modules) know \(above.intersection(row.mayKnow))")
        }
    }

    @Test(arguments: modules)
    func importsAreWhatThePackageSays(module: String) throws {
        let dependencies = try Self.manifest.get().dependencies
        let known = try #require(dependencies[module])
        var imported: Set<String> = []
        for (file, other) in try Self.imports(of: module) where dependencies[other] != nil && other != module {
            #expect(known.contains(other), "\(file) imports \(other)")
            imported.insert(other)
        }
        #expect(known.subtracting(imported).isEmpty, "Package.swift: \(module) imports none of these")
    }

    @Test("CVE-2014-0162: nothing runs a shell", arguments: modules)
    func nothingRunsAShell(module: String) throws {
        for (file, text) in try Self.files(of: module) {
            for shell in ["popen(", "Glibc.system(", "bin/sh", "bin/bash", "wordexp("] where text.contains(shell) {
                Issue.record("\(file) holds \(shell)")
            }
        }
    }

    private static func imports(of module: String) throws -> [(file: String, module: String)] {
        let files = try files(of: module)
        #expect(!files.isEmpty)
        return files.flatMap { file, text in
            text.split(separator: "\n").compactMap { line in
                let words = line.split(separator: " ")
                guard let position = words.firstIndex(of: "import"), position <= 2, words.count > position + 1,
                    !line.hasPrefix("//")
                else { return nil }
                return (file, String(words[position + 1]))
            }
        }
    }

    private static func files(of module: String) throws -> [(file: String, text: String)] {
        let folder = Manifest.sources.appending(path: module)
        return try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.map {
            ("\(module)/\($0)", try String(contentsOf: folder.appending(path: $0), encoding: .utf8))
        }
    }
}
