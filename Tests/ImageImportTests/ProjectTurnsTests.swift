import ImageDatabase
import Testing

@testable import ImageImport

@Suite struct ProjectTurnsTests {
    private static func jobs(_ projects: String...) -> [ImportJob] {
        projects.enumerated().map { ImportJob(taskID: "\($0)", imageID: nil, projectID: $1) }
    }

    /// With one import at a time nobody has any running when the next is chosen.
    @Test func projectsTakeTurnsOneAtATime() {
        var turns = ProjectTurns()
        var queue = Self.jobs("greedy", "greedy", "greedy", "modest", "other", "modest")
        var order: [String] = []
        while let job = turns.next(of: &queue, running: [:]) { order.append(job.projectID + job.taskID) }
        #expect(order == ["greedy0", "modest3", "other4", "greedy1", "modest5", "greedy2"])
    }

    @Test func theProjectWithTheFewestRunningComesFirst() {
        var turns = ProjectTurns()
        var queue = Self.jobs("greedy", "modest")
        #expect(turns.next(of: &queue, running: ["greedy": 3, "modest": 1])?.projectID == "modest")
        #expect(turns.next(of: &queue, running: ["greedy": 3, "modest": 2])?.projectID == "greedy")
        #expect(turns.next(of: &queue, running: [:]) == nil)
    }

    /// Who comes back has waited as long as who is new.
    @Test func projectsWithoutJobsAreForgotten() {
        var turns = ProjectTurns()
        var queue = Self.jobs("one", "two")
        #expect(turns.next(of: &queue, running: [:])?.projectID == "one")
        #expect(turns.next(of: &queue, running: [:])?.projectID == "two")
        turns.keep(["two"])
        queue = Self.jobs("two", "one")
        #expect(turns.next(of: &queue, running: [:])?.projectID == "one")
    }
}
