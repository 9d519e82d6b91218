import Foundation

/// The targets of `Package.swift`, as far as they are modules under `Sources/`.
struct Manifest {
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    static let sources = root.appending(path: "Sources")

    /// Which modules of ours each module depends on, system libraries included.
    let dependencies: [String: Set<String>]

    init() throws {
        let text = try String(contentsOf: Self.root.appending(path: "Package.swift"), encoding: .utf8)
        let starts = text.matches(of: /\.(?:target|executableTarget|systemLibrary|testTarget)\(\s*name: "([^"]+)"/)
        var found: [String: Set<String>] = [:]
        for (index, start) in starts.enumerated() {
            let end = index + 1 < starts.count ? starts[index + 1].range.lowerBound : text.endIndex
            let declaration = text[start.range.lowerBound..<end]
            // Tests, and what lives beside Sources.
            guard !declaration.hasPrefix(".testTarget"), !declaration.contains("path: \"") else { continue }
            let list = declaration.firstMatch(of: /dependencies: \[([^\]]*)\]/)?.output.1 ?? ""
            let names = list.replacing(/\.product\([^)]*\)/, with: "").matches(of: /"([^"]+)"/).map {
                String($0.output.1)
            }
            found[String(start.output.1)] = Set(names)
        }
        dependencies = found
    }

    /// `CLinux`, `CLibpq`, …: a C and the library's name.
    static func isShim(_ module: String) -> Bool {
        module.hasPrefix("C") && module.dropFirst().first?.isUppercase == true
    }
}
