import Foundation
import TestSupport

/// docs/performance.md: a section for each part, with a chart of its own in the folder beside it.
struct Page: Sendable {
    private let file: String?
    /// By heading, in the order of the page; each with its heading.
    private var sections: [(title: String, text: String)] = []

    /// - Parameter file: where it is and will be; nil for a page that is printed only.
    init(file: String?) throws {
        self.file = file
        guard let file, FileManager.default.fileExists(atPath: file) else { return }
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for section in text.split(separator: "\n## ").dropFirst() {
            let title = String(section.prefix { $0 != "\n" })
            if Part.all.contains(where: { $0.title == title }) {
                sections.append((title, "## " + section.trimmingCharacters(in: .newlines) + "\n"))
            }
        }
    }

    /// Puts the rows in place of the part's former ones, and writes their chart.
    mutating func replace(_ part: Part, _ rows: [Row]) throws {
        var text = "## \(part.title)\n"
        if let file {
            let folder = (file as NSString).deletingPathExtension
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Chart(title: part.title, rows: rows).svg.write(
                toFile: "\(folder)/\(part.name).svg", atomically: true, encoding: .utf8)
            text += "\n![\(part.title)](\((folder as NSString).lastPathComponent)/\(part.name).svg)\n"
        }
        text += """

            | workload | ours | peer | ratio | target |
            |---|---|---|---|---|
            \(rows.map(\.line).joined(separator: "\n"))

            \(part.notes)

            """
        sections.removeAll { $0.title == part.title }
        sections.append((part.title, text))
        let order = Part.all.map(\.title)
        sections.sort { order.firstIndex(of: $0.title) ?? 0 < order.firstIndex(of: $1.title) ?? 0 }
    }

    func write(took: Duration) async throws {
        guard let file else { return }
        try await text(took: took).write(toFile: file, atomically: true, encoding: .utf8)
    }

    func text(took: Duration) async throws -> String {
        let processors = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
        let model = processors.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " unknown"
        let count = processors.count { $0.hasPrefix("processor") }
        let memory = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8).split(whereSeparator: \.isWhitespace)
        let gibibytes = memory.dropFirst().first.flatMap { Double($0) }.map { $0 / 1_048_576 } ?? .nan
        let kernel = try await command("uname", ["-r"]).trimmingCharacters(in: .whitespacesAndNewlines)
        return """
            # Performance

            Written by `make bench`, which measures against real peers on the same machine, in turns (A B A B), after a warm-up of
            each where a turn does not take many seconds: medians of the turns, and in parentheses the lowest and the highest
            value. The ratio is the median of the turns' ratios. `make bench ONLY=…` measures some parts anew and leaves the
            sections of the others as they are.

            The last run took \(Int(took / .seconds(60))) minutes on \(count) cores (\
            \(model.trimmingCharacters(in: .whitespaces))), \(Int(gibibytes.rounded())) GiB, Linux \(kernel). Clients, peers,
            databases and storage systems run on the same cores. Ours runs with two workers; Glance is 33.0.0 under uWSGI with two
            processes.

            \(sections.map(\.text).joined(separator: "\n"))
            """
    }
}
