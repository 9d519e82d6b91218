import Processes
import Testing
import TextCoding

@testable import ImageDatabase

@Suite struct ProcessLeaseTests {
    private static let here = ProcessIdentity.current()
    private static let elsewhere = ProcessIdentity(host: "another/1", pid: 7, startTime: 7)

    private static func age(_ seconds: Int64) -> Timestamp { Timestamp.now.advanced(bySeconds: -seconds) }

    @Test func onAnotherHostOnlyTheAgeOfALeaseSaysSomething() {
        let young = ProcessLease(Self.elsewhere, renewedAt: Self.age(ProcessLease.length - 60))
        #expect(!young.isDead(seenBy: Self.here))
        #expect(ProcessLease(Self.elsewhere, renewedAt: Self.age(ProcessLease.length + 1)).isDead(seenBy: Self.here))
    }

    @Test func onTheSameHostAProcessThatIsThereLivesWhateverTheAge() {
        var parent = Self.here
        #expect(!ProcessLease(parent, renewedAt: Self.age(ProcessLease.length * 9)).isDead(seenBy: Self.elsewhereHere))
        parent.startTime += 1
        #expect(ProcessLease(parent).isDead(seenBy: Self.elsewhereHere), "its number was given to another process")
    }

    /// An observer on this host that is not this process.
    private static let elsewhereHere = ProcessIdentity(host: here.host, pid: 1, startTime: 0)

    @Test func aLeaseOfOnesOwnIsALeftoverWhenItIsOld() {
        #expect(!ProcessLease(Self.here).isDead(seenBy: Self.here))
        #expect(ProcessLease(Self.here, renewedAt: Self.age(ProcessLease.length + 1)).isDead(seenBy: Self.here))
    }

    @Test(arguments: Backend.allCases) func ofAllThatTakeALeaseOverExactlyOneGetsIt(backend: Backend)
        async throws
    {
        try await backend.withDatabase { database in
            let row: LeaseTable.Cells = [("image_id", .text("i"))]
            let old = ProcessLease(Self.elsewhere, renewedAt: time(0))
            let table = LeaseTable.scrubs
            let dialect = database.session.dialect
            try await database.session.write([table.claim(row, old, key: ["image_id"], dialect)])
            await #expect(throws: DatabaseError.conflict) {
                try await database.session.write([
                    table.claim(row, ProcessLease(Self.here), key: ["image_id"], dialect)
                ])
            }
            let winners = try await withThrowingTaskGroup(of: Int.self) { group in
                for pid in 1...8 {
                    group.addTask {
                        let new = ProcessLease(ProcessIdentity(host: "h", pid: Int32(pid), startTime: 1))
                        return try await database.session.write([table.takeOver(row, from: old, to: new)])[0].affected
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(winners == 1)
            let held = try #require(try await database.scrubs.all().first?.lease)
            // Renewed meanwhile: it is not dead.
            try await database.session.write([table.renew(by: held.process)])
            #expect(try await database.session.write([table.forgetDead(row, held)])[0].affected == 0)
            #expect(try await database.session.write([table.forget(row, old)])[0].affected == 0)
            #expect(try await database.session.write([table.forget(row, held)])[0].affected == 1)
        }
    }
}
