import Foundation
import TestSupport

/// One line of the table.
struct Row: Sendable {
    let workload: String
    let unit: String
    let peerName: String
    let measurement: Measurement
    /// What the design must reach, as a bound of the ratio ours / peer.
    let target: Target?

    enum Target: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    var ours: Double { Measurement.median(measurement.ours) }
    var peer: Double { Measurement.median(measurement.peer) }
    var ratio: Double { measurement.ratio }

    private var verdict: String {
        switch target {
        case .atLeast(let bound)?: "≥ \(Self.text(bound)) × \(ratio >= bound ? "held" : "**missed**")"
        case .atMost(let bound)?: "≤ \(Self.text(bound)) × \(ratio <= bound ? "held" : "**missed**")"
        case nil: ""
        }
    }

    /// Both values with what they spread over.
    private func value(_ median: Double, _ all: [Double]) -> String {
        guard let low = all.min(), let high = all.max() else { return "–" }
        return "\(Self.text(median)) \(unit) (\(Self.text(low))–\(Self.text(high)))"
    }

    var line: String {
        "| \(workload) | \(value(ours, measurement.ours)) | \(peerName): \(value(peer, measurement.peer)) "
            + "| \(Self.text(ratio)) | \(verdict) |"
    }

    private static func text(_ value: Double) -> String {
        let digits = abs(value) >= 100 ? 0 : abs(value) >= 10 ? 1 : 2
        return value.formatted(.number.precision(.fractionLength(digits)).grouping(.never))
    }
}

/// docs/performance.md.
struct Table: Sendable {
    var rows: [Row] = []

    func page(took: Duration) async throws -> String {
        let processors = try String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8).split(separator: "\n")
        let model = processors.first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? " unknown"
        let count = processors.count { $0.hasPrefix("processor") }
        let memory = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8).split(whereSeparator: \.isWhitespace)
        let gibibytes = memory.dropFirst().first.flatMap { Double($0) }.map { $0 / 1_048_576 } ?? .nan
        let kernel = try await command("uname", ["-r"]).trimmingCharacters(in: .whitespacesAndNewlines)
        return """
            # Performance

            Written by `make bench`, which measures everything in one run on one machine: real peers, in turns (A B A B)
            after a warm-up of each; medians of \(Measurement.rounds) turns or more, and in parentheses the lowest and the highest
            value. The ratio is the median of the turns' ratios.
            This run took \(Int(took / .seconds(60))) minutes on \(count) cores (\
            \(model.trimmingCharacters(in: .whitespaces))), \(Int(gibibytes.rounded())) GiB, Linux \(kernel).
            Clients, peers and databases run on the same cores.

            | workload | ours | peer | ratio | target |
            |---|---|---|---|---|
            \(rows.map(\.line).joined(separator: "\n"))

            * **download**: `curl` to `/dev/null`, from the file store. The peer is nginx with `sendfile` and the same file.
              CPU seconds are those of the server alone.
            * **cache hit**: the same from the image cache of another node, whose file is a link to that of the store, because the
              place of a file's pages in memory makes more of a difference. The peer is the download from the file store.
            * **upload**: `curl` from the page cache into the file store until the answer: digests (md5 and sha512) taken, data
              and directory synced, row written. The peer is the least that has to be done: `tee` of the same bytes into
              `openssl md5`, `openssl sha512` and a file that is synced. *inspected*: the service's processor time; the
              peer is this service with the same data in a container, which is not looked into.
            * **web-download**: from the request until the image is active, from an nginx on the same machine into the file store.
              The peers are the least that has to be done, `curl` through `tee` into both digests and a file that is synced,
              and Glance 33.0.0 under uWSGI with two processes.
            * **copy-image**: from the request until the image is in the second file store. The peer is as that of uploads.
            * **show, list**: `wrk` with 32 connections against 10,000 images with five properties, two tags and a location each
              on PostgreSQL, as a member of a project whose token is in the cache. *show* takes random images; *list* asks for
              the first page of 25. The peers are Glance 33.0.0 under uWSGI with two processes on the same tables, and as the
              limit `pgbench` with the statement that our service sends, 32 clients, prepared.
            * **create and delete**: requests of both kinds, each image deleted as soon as it is there, `wrk` with 32
              connections on PostgreSQL, with unified limits that Keystone is asked for. The peer is Glance 33.0.0 as above.
            * **show a namespace**: the same load on one namespace of the metadata definitions, with all that is in it.
            * **start**: from `exec` to the first answer of `/healthcheck`. **idle memory**: proportional set size of all
              processes after a first request to each.

            Ours runs with two workers.

            """
    }
}
