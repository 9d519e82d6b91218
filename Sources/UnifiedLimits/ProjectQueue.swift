import Synchronization

/// Lets the claims of one project in this process wait for each other here, where that costs nothing, instead of each
/// holding a database connection while it waits for the project's lock.
final class ProjectQueue: Sendable {
    private let waiting = Mutex<[String: Line]>([:])

    /// Those who wait, the first to be served next at `next`.
    private struct Line {
        var waiters: [CheckedContinuation<Void, Never>] = []
        var next = 0

        mutating func pop() -> CheckedContinuation<Void, Never>? {
            guard next < waiters.count else { return nil }
            defer {
                next += 1
                if next > 64 && next * 2 > waiters.count {
                    waiters.removeFirst(next)
                    next = 0
                }
            }
            return waiters[next]
        }
    }

    /// Runs `work` when nobody else's work for the project runs.
    func run<Result, Failure>(
        _ project: String, _ work: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        await enter(project)
        defer { leave(project) }
        return try await work()
    }

    private func enter(_ project: String) async {
        await withCheckedContinuation { continuation in
            let isFree = waiting.withLock { waiting in
                guard waiting[project] != nil else {
                    waiting[project] = Line()
                    return true
                }
                waiting[project]?.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    private func leave(_ project: String) {
        let next = waiting.withLock { waiting in
            let next = waiting[project]?.pop()
            if next == nil { waiting[project] = nil }
            return next
        }
        next?.resume()
    }
}
