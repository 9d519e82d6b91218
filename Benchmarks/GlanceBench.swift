import Foundation
import TestSupport

/// Measures this service against real peers on the same machine in the same run, and writes docs/performance.md and its charts.
///
///     glance-bench [FILE]      all parts but the extra ones; to standard output without FILE
///     ONLY=download,show …     only the parts whose names begin so; the others' sections of FILE stay
///
/// Every workload is run A B A B …: a warm-up of each where that does not take long, then ours and the peer in turns; what counts
/// is the median. Ends with 1 when a part has failed or a figure is missing.
@main
struct GlanceBench {
    /// Longer than any part takes.
    private static let patience = Duration.seconds(30 * 60)

    static func main() async throws {
        let parts: [Part]
        do { parts = try Part.chosen(ProcessInfo.processInfo.environment["ONLY"] ?? "") } catch {
            FileHandle.standardError.write(Data("glance-bench: \(error)\n".utf8))
            exit(2)
        }
        // Figures of less data than the page says are not for the page.
        let file = Downloads.size == 1 << 30 ? CommandLine.arguments.dropFirst().first : nil
        let failed = try await withServer("keystone") { @Sendable keystone in
            try await withServer("memcached") { @Sendable memcached in
                try await withServer("postgresql") { @Sendable database in
                    let lab = Lab(
                        database: database, keystone: try Keystone(keystone),
                        memcached: try memcached.setting("MEMCACHED_SERVERS"))
                    return try await measure(parts, lab, file)
                }
            }
        }
        for failure in failed {
            FileHandle.standardError.write(Data("glance-bench: no figures of \(failure)\n".utf8))
        }
        exit(failed.isEmpty ? 0 : 1)
    }

    /// Measures, and writes what there is after each part.
    ///
    /// - Returns: What failed, and why.
    private static func measure(_ parts: [Part], _ lab: Lab, _ file: String?) async throws -> [String] {
        let began = ContinuousClock.now
        var page = try Page(file: file)
        var failed: [String] = []
        for part in parts {
            say("# \(part.name)")
            let start = ContinuousClock.now
            do {
                let rows = try await within(patience) { try await part.run(lab) }
                for row in rows { say(row.line) }
                guard !rows.isEmpty, rows.allSatisfy(\.isComplete) else { throw BenchError("a figure is missing") }
                try page.replace(part, rows)
                try await page.write(took: ContinuousClock.now - began)
            } catch {
                say("failed: \(error)")
                failed.append("\(part.name): \(error)")
            }
            say("# \(part.name): \(Int((ContinuousClock.now - start) / .seconds(1))) s")
        }
        if file == nil { say(try await page.text(took: ContinuousClock.now - began)) }
        return failed
    }

    /// A line that is seen at once, wherever the output goes to.
    static func say(_ line: String) {
        print(line)
        fflush(nil)
    }

    private static func within(
        _ limit: Duration, _ body: @escaping @Sendable () async throws -> [Row]
    ) async throws -> [Row] {
        try await withThrowingTaskGroup(of: [Row].self) { group in
            group.addTask(operation: body)
            group.addTask {
                try await Task.sleep(for: limit)
                throw BenchError("not done after \(limit)")
            }
            defer { group.cancelAll() }
            return try await group.next() ?? []
        }
    }
}
