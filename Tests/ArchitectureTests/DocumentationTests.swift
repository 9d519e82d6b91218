import Foundation
import Testing

/// Links in the documentation lead somewhere.
@Suite struct DocumentationTests {
    private static let root = Manifest.root

    static var documents: [String] {
        get throws {
            try ["", "docs/", "Tests/Support/", "Tests/Packaging/configurations/"].flatMap { folder in
                try FileManager.default.contentsOfDirectory(atPath: root.appending(path: folder).path)
                    .filter { $0.hasSuffix(".md") }.map { folder + $0 }.sorted()
            }
        }
    }

    @Test func relativeLinksResolve() throws {
        var count = 0
        for document in try Self.documents {
            let file = Self.root.appending(path: document)
            for target in Self.links(in: try String(contentsOf: file, encoding: .utf8)) where !target.contains("://") {
                let parts = target.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
                let linked = parts[0].isEmpty ? file : file.deletingLastPathComponent().appending(path: parts[0])
                #expect(FileManager.default.fileExists(atPath: linked.path), "\(document) links to \(target)")
                if parts.count == 2, let text = try? String(contentsOf: linked, encoding: .utf8) {
                    #expect(Self.anchors(in: text).contains(String(parts[1])), "\(document) links to \(target)")
                }
                count += 1
            }
        }
        #expect(count > 10)
    }

    /// The changelogs of the packages are made from it, for the version that the executables tell.
    @Test func theChangelogEndsWithTheVersion() throws {
        let changelog = try String(contentsOf: Self.root.appending(path: "CHANGELOG.md"), encoding: .utf8)
        let source = Self.root.appending(path: "Sources/CommandOptions/Version.swift")
        let version = try String(contentsOf: source, encoding: .utf8).firstMatch(of: /static let current = "(.*)"/)
        let release = changelog.firstMatch(of: #/## \[([0-9].*)\] - /#)
        #expect(release?.output.1 == version?.output.1)
    }

    /// What stands in `](…)`, but not in code.
    private static func links(in text: String) -> [String] {
        var isCode = false
        return text.split(separator: "\n").flatMap { line -> [String] in
            if line.hasPrefix("```") { isCode.toggle() }
            if isCode || line.hasPrefix("    ") { return [] }
            return line.matches(of: /\]\(([^)\s]+)\)/).map { String($0.output.1) }
        }
    }

    /// The names under which headings can be linked to: small letters and digits, blanks as hyphens.
    private static func anchors(in text: String) -> Set<String> {
        Set(
            text.split(separator: "\n").filter { $0.hasPrefix("#") }.map { line in
                String(
                    line.drop { $0 == "#" || $0 == " " }.lowercased().compactMap { character in
                        character == " "
                            ? "-"
                            : character.isLetter || character.isNumber || "-_".contains(character) ? character : nil
                    })
            })
    }
}
