import Testing

@testable import Supervisor

struct RestartPolicyTests {
    @Test func shortLivesMeanLongerPauses() {
        var policy = RestartPolicy()
        var pauses: [Int64] = []
        for _ in 0..<12 {
            policy.ended(from: 1_000, to: 2_000)
            pauses.append(policy.notBefore - 2_000)
        }
        #expect(pauses.prefix(4) == [100_000_000, 200_000_000, 400_000_000, 800_000_000])
        #expect(pauses.last == 30_000_000_000)
        #expect(policy.failures == 12)
    }

    @Test func aLongLifeIsForgiven() {
        var policy = RestartPolicy()
        policy.ended(from: 0, to: 1)
        policy.ended(from: 0, to: RestartPolicy.longLife)
        #expect(policy == RestartPolicy())
    }

    @Test(arguments: [
        (Int32(0), ProcessStatus.exited(0)), (0x0300, .exited(3)), (9, .killed(signal: 9)), (0x8b, .killed(signal: 11)),
    ])
    func readsWaitStatus(_ example: (status: Int32, expected: ProcessStatus)) {
        #expect(ProcessStatus(example.status) == example.expected)
    }
}
