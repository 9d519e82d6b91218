import Events
import Testing

@Suite struct OutageTests {
    @Test func beginsAndEndsOnce() {
        let outage = Outage()
        for _ in 0..<3 {
            #expect(!outage.ends(with: outage.attempt))
            #expect(outage.begins(with: outage.attempt))
            #expect(!outage.begins(with: outage.attempt))
            #expect(outage.ends(with: outage.attempt))
        }
    }

    @Test func whatBeganBeforeAChangeChangesNothing() {
        let outage = Outage()
        let (early, another) = (outage.attempt, outage.attempt)
        #expect(outage.begins(with: outage.attempt))
        #expect(!outage.ends(with: early), "sent while the server was there")
        let late = outage.attempt
        #expect(outage.ends(with: outage.attempt))
        #expect(!outage.begins(with: late), "refused while the server was away")
        #expect(!outage.begins(with: another))
        #expect(outage.begins(with: outage.attempt))
    }

    @Test func oneOfManyTellsIt() async {
        let outage = Outage()
        for _ in 0..<100 {
            #expect(await Self.many { outage.begins(with: outage.attempt) } == 1)
            #expect(await Self.many { outage.ends(with: outage.attempt) } == 1)
        }
    }

    /// How many of twenty tasks say so.
    private static func many(_ body: @escaping @Sendable () -> Bool) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<20 { group.addTask { body() } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
    }
}
