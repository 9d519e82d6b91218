import Synchronization
import Testing

@testable import Identity

@Suite struct SingleFlightTests {
    private final class Counter: Sendable {
        private let value = Atomic(0)

        func next() -> Int { value.add(1, ordering: .relaxed).newValue }
    }

    @Test func everybodyGetsTheOneAnswer() async throws {
        let flights = SingleFlight<String, Int>()
        let calls = Counter()
        let (gate, opener) = AsyncStream.makeStream(of: Void.self)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    try await flights.run("a") { () throws(IdentityError) in
                        for await _ in gate {}
                        return calls.next()
                    }
                }
            }
            // Another key doesn't wait.
            #expect(try await flights.run("b") { () throws(IdentityError) in 7 } == 7)
            opener.finish()
            for try await answer in group { #expect(answer >= 1) }
        }
        // Whoever came after the answer asked again; nobody asked beside it.
        #expect(calls.next() < 101)
        #expect(try await flights.run("a") { () throws(IdentityError) in 8 } == 8)
    }

    @Test func failuresAreSharedAndForgotten() async throws {
        let flights = SingleFlight<Int, Int>()
        await #expect(throws: IdentityError.invalidToken) {
            try await flights.run(1) { () throws(IdentityError) in throw .invalidToken }
        }
        #expect(try await flights.run(1) { () throws(IdentityError) in 2 } == 2)
    }
}
