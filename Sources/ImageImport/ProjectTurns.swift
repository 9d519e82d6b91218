import ImageDatabase

/// Whose import comes next. Projects take turns: nobody waits behind another project's hundred imports, however few run at a
/// time.
struct ProjectTurns: Sendable {
    /// When each project last had its turn; of those that have something in the queue only.
    private var last: [String: Int] = [:]
    private var turn = 0

    /// Forgets the projects of which nothing is in the queue any more.
    mutating func keep(_ projects: Set<String>) { last = last.filter { projects.contains($0.key) } }

    /// Takes the next job out: of the project with the fewest running imports, and of several such projects of the one whose
    /// turn was longest ago.
    ///
    /// - Parameters:
    ///   - candidates: in the order in which they were queued.
    ///   - running: how many imports of each project run.
    mutating func next(of candidates: inout [ImportJob], running: [String: Int]) -> ImportJob? {
        func rank(_ index: Int) -> (Int, Int, Int) {
            let project = candidates[index].projectID
            return (running[project] ?? 0, last[project] ?? 0, index)
        }
        guard let index = candidates.indices.min(by: { rank($0) < rank($1) }) else { return nil }
        let job = candidates.remove(at: index)
        turn += 1
        last[job.projectID] = turn
        return job
    }
}
