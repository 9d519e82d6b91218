import Foundation
import TestSupport

/// Measures this service against real peers on the same machine in the same run, and writes the table of
/// docs/performance.md.
///
///     glance-bench [FILE]        all workloads; to standard output without FILE
///     BENCH_ONLY=download,show   only those whose name begins so
///
/// Every workload is run A B A B …: a warm-up of each, then ours and the peer in turns; what counts is the median.
@main
struct GlanceBench {
    static func main() async throws {
        let only = ProcessInfo.processInfo.environment["BENCH_ONLY"]?.split(separator: ",") ?? []
        let began = ContinuousClock.now
        let rows = try await withServer("keystone") { @Sendable keystone in
            try await withServer("memcached") { @Sendable memcached in
                try await withServer("postgresql") { @Sendable database in
                    let lab = Lab(
                        database: database, keystone: try Keystone(keystone),
                        memcached: try memcached.setting("MEMCACHED_SERVERS"))
                    var rows: [Row] = []
                    for (name, workload) in workloads where only.isEmpty || only.contains(where: name.hasPrefix) {
                        print("# \(name)")
                        for row in try await workload(lab) {
                            print(row.line)
                            rows.append(row)
                        }
                    }
                    return rows
                }
            }
        }
        let page = try await Table(rows: rows).page(took: ContinuousClock.now - began)
        if let file = CommandLine.arguments.dropFirst().first {
            try page.write(toFile: file, atomically: true, encoding: .utf8)
        } else {
            print(page)
        }
    }

    private static let workloads: [(String, @Sendable (Lab) async throws -> [Row])] = [
        ("download", Downloads.run),
        ("upload", Uploads.run),
        ("web-download", Imports.run),
        ("copy-image", Copies.run),
        ("show", Queries.show),
        ("list", Queries.list),
        ("metadef", Queries.metadef),
        ("create", Claims.run),
        ("start", Startup.run),
    ]
}
