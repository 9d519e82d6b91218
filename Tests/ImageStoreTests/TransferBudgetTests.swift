import ImageStore
import Testing

@Suite struct TransferBudgetTests {
    @Test func atOnceIsOnlyWhatThereIs() async {
        let budget = TransferBudget(total: 100)
        let first = budget.acquireAtOnce(60)
        #expect(first?.bytes == 60)
        #expect(budget.acquireAtOnce(50) == nil)
        #expect(budget.held == 60)
        first?.release()
        #expect(budget.acquireAtOnce(100) != nil)
    }

    @Test func grantsUpToTheTotalInOrder() async {
        let budget = TransferBudget(total: 100)
        let first = await budget.acquire(60)
        let second = Task { await budget.acquire(60) }
        while budget.waiting == 0 { await Task.yield() }
        // It would fit, and may not overtake all the same.
        let third = Task { await budget.acquire(10) }
        while budget.waiting < 2 { await Task.yield() }
        #expect(budget.held == 60)
        first.release()
        first.release()
        let grants = [await second.value, await third.value]
        #expect(budget.held == 70)
        for grant in grants { grant.release() }
        #expect(budget.held == 0)
    }

    @Test func moreThanTheTotalCountsAsTheTotal() async {
        let budget = TransferBudget(total: 100)
        let grant = await budget.acquire(1_000_000)
        #expect(grant.bytes == 100)
        #expect(budget.held == 100)
    }

    @Test func forgottenGrantsGoBack() async {
        let budget = TransferBudget(total: 100)
        for _ in 0..<10 { _ = await budget.acquire(100) }
        #expect(budget.held == 0)
    }

    /// Who holds the bytes may wait for a client that sends nothing.
    @Test func nobodyWaitsForEver() async {
        let budget = TransferBudget(total: 100, patience: .milliseconds(1))
        let slow = await budget.acquire(100)
        let grant = await budget.acquire(80)
        #expect(budget.held == 180)
        slow.release()
        grant.release()
        #expect(budget.held == 0)
    }

    @Test func holdsTheTotalAmongMany() async {
        let budget = TransferBudget(total: 10)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    let grant = await budget.acquire(3)
                    let isWithin = budget.held <= 10
                    await Task.yield()
                    grant.release()
                    return isWithin
                }
            }
            for await isWithin in group { #expect(isWithin) }
        }
        #expect(budget.held == 0)
        #expect(budget.waiting == 0)
    }
}
