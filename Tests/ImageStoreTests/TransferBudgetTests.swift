import NIOCore
import Testing

@testable import ImageStore

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

    // MARK: Buffers

    /// Buffers that nobody uses count like those that are used.
    @Test func spareBuffersStayWithinTheTotal() throws {
        let size = TransferBudget.largePiece
        let budget = TransferBudget(total: 4 * size)
        var grants = (0..<4).compactMap { _ in budget.acquireAtOnce(size) }
        #expect(grants.count == 4)
        var buffers = grants.map { _ in budget.buffer(capacity: size) }
        while let buffer = buffers.popLast(), let grant = grants.popLast() {
            // Before the grant is given back there is no room for it.
            if grants.count == 3 {
                budget.recycle(buffer)
                #expect(budget.spareBytes == 0)
            }
            grant.release()
            budget.recycle(buffer)
            #expect(budget.held + budget.spareBytes == budget.total)
        }
        let held = budget.acquireAtOnce(size)
        for _ in 0..<8 { budget.recycle(ByteBufferAllocator().buffer(capacity: size)) }
        #expect(budget.spareBytes == 3 * size)
        let most = budget.acquireAtOnce(3 * size)
        #expect(budget.spareBytes == 0)
        _ = (held, most)
    }

    @Test func spareBuffersGoWhenNothingIsHeld() async throws {
        let size = TransferBudget.largePiece
        let budget = TransferBudget(total: 4 * size, idleTime: .milliseconds(20))
        for _ in 0..<2 {
            let grant = budget.acquireAtOnce(size)
            let buffer = budget.buffer(capacity: size)
            grant?.release()
            budget.recycle(buffer)
            while budget.spareBytes > 0 { try await Task.sleep(for: .milliseconds(5)) }
        }
    }

    /// Whoever still holds a buffer that was given back keeps what is in it.
    @Test func aBufferInUseIsNotOverwritten() throws {
        let size = TransferBudget.largePiece
        let budget = TransferBudget(total: 4 * size)
        let grant = budget.acquireAtOnce(size)
        var first = budget.buffer(capacity: size)
        first.writeRepeatingByte(1, count: size)
        budget.recycle(first)
        #expect(budget.spareBytes == size)
        var second = budget.buffer(capacity: size)
        #expect(budget.spareBytes == 0)
        #expect(second.readableBytes == 0)
        second.writeRepeatingByte(2, count: size)
        #expect(first.readableBytesView.allSatisfy { $0 == 1 })
        _ = grant
    }

    /// Only large buffers are kept.
    @Test func smallBuffersAreNotKept() {
        let budget = TransferBudget(total: 4 * TransferBudget.largePiece)
        let grant = budget.acquireAtOnce(1)
        budget.recycle(budget.buffer(capacity: TransferBudget.piece))
        #expect(budget.spareBytes == 0)
        _ = grant
    }
}
