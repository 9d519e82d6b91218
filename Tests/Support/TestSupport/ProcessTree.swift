import Foundation
import Glibc

/// A process and its descendants, as `/proc` shows them at the moment of asking.
public struct ProcessTree: Sendable {
    public let root: Int32

    public init(root: Int32) { self.root = root }

    /// All that live (a zombie doesn't), the root first.
    public var all: [Int32] {
        var children: [Int32: [Int32]] = [:]
        var living: Set<Int32> = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
            guard let process = Int32(name), let stat = Self.stat(process), stat.state != "Z" else { continue }
            living.insert(process)
            children[stat.parent, default: []].append(process)
        }
        var found: [Int32] = []
        var next = living.contains(root) ? [root] : []
        while let process = next.popLast() {
            found.append(process)
            next += children[process] ?? []
        }
        return found
    }

    public var descendants: [Int32] { Array(all.dropFirst()) }
    public var isEmpty: Bool { all.isEmpty }

    /// Those descendants whose command line starts so.
    public func descendants(titled title: String) -> [Int32] {
        descendants.filter { process in
            let line = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
            return line?.hasPrefix(title) ?? false
        }
    }

    /// Sum of the proportional set sizes in bytes (`/proc/PID/smaps_rollup`): a shared page counts once.
    public var proportionalSetSize: Int {
        all.reduce(0) { sum, process in
            guard let text = try? String(contentsOfFile: "/proc/\(process)/smaps_rollup", encoding: .utf8),
                let line = text.split(separator: "\n").first(where: { $0.hasPrefix("Pss:") }),
                let kilobytes = line.split(whereSeparator: { $0 == " " }).dropFirst().first.flatMap({ Int($0) })
            else { return sum }
            return sum + kilobytes * 1024
        }
    }

    /// CPU seconds (user and system) that the living processes have used.
    public var cpuSeconds: Double {
        let ticks = all.compactMap { Self.stat($0)?.ticks }.reduce(0, +)
        return Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func stat(_ process: Int32) -> (state: Substring, parent: Int32, ticks: Int)? {
        // The name in parentheses may hold anything, so the fields are counted from the last parenthesis on (proc(5)).
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 14, let parent = Int32(fields[1]), let user = Int(fields[11]), let system = Int(fields[12])
        else { return nil }
        return (fields[0], parent, user + system)
    }
}
