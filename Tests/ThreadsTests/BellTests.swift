import Glibc
import Synchronization
import Testing
import Threads

struct BellTests {
    /// How often the thread has begun to wait; it lives as long as the thread does.
    private final class Waits: Sendable {
        let count = Atomic(0)
    }

    @Test func ringsUntilItIsStoppedAndThenItsThreadEnds() async throws {
        var waits: Waits? = Waits()
        weak let whileItLives = waits
        let bell = try Bell("test bell") { [waits] in
            waits?.count.add(1, ordering: .relaxed)
            usleep(1000)
        }
        var rings = 0
        for await _ in bell.rings {
            rings += 1
            if rings == 3 { bell.stop() }
        }
        #expect(rings >= 3 && waits.map { $0.count.load(ordering: .relaxed) >= 3 } == true)
        waits = nil
        let deadline = ContinuousClock.now + .seconds(60)
        while whileItLives != nil, .now < deadline { await Task.yield() }
        #expect(whileItLives == nil)
    }
}
