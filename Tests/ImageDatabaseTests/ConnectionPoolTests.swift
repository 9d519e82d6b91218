import Testing

@testable import ImageDatabase

@Suite struct ConnectionPoolTests {
    private typealias Pool = ConnectionPool<String>

    private static func pool(size: Int = 2, overflow: Int = 1, recycle: Int64 = -1) -> Pool {
        Pool(
            limits: .init(
                size: size, overflow: overflow, timeout: 1000, recycle: recycle, overflowDelay: 10, overflowIdle: 100))
    }

    private static func text(_ actions: [Pool.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .connect(let id): "connect \(id)"
            case .lease(let id, let waiter): "lease \(id) \(waiter)"
            case .close(let id): "close \(id)"
            case .fail(let waiter, let failure): "fail \(waiter) \(failure)"
            }
        }
    }

    @Test func theFirstRequestOpensAConnectionTheNextOnesUseIt() {
        var pool = Self.pool()
        #expect(Self.text(pool.request("a", now: 0)) == ["connect 1"])
        #expect(Self.text(pool.connected(1, now: 1)) == ["lease 1 a"])
        #expect(Self.text(pool.released(1, now: 2)) == [])
        #expect(Self.text(pool.request("b", now: 3)) == ["lease 1 b"])
    }

    @Test func waitersAreServedInTheirOrder() {
        var pool = Self.pool(size: 1)
        _ = pool.request("a", now: 0)
        #expect(Self.text(pool.request("b", now: 0)) == [])
        #expect(Self.text(pool.request("c", now: 0)) == [])
        #expect(Self.text(pool.connected(1, now: 1)) == ["lease 1 a"])
        #expect(Self.text(pool.released(1, now: 2)) == ["lease 1 b"])
        #expect(Self.text(pool.released(1, now: 3)) == ["lease 1 c"])
    }

    @Test func overflowIsForThoseWhoWaitedAndClosesWhenIdle() {
        var pool = Self.pool(size: 1)
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        #expect(Self.text(pool.request("b", now: 0)) == [])
        #expect(pool.nextTick == 10)
        #expect(Self.text(pool.tick(now: 9)) == [])
        #expect(Self.text(pool.tick(now: 10)) == ["connect 2"])
        #expect(Self.text(pool.connected(2, now: 11)) == ["lease 2 b"])
        #expect(Self.text(pool.request("c", now: 11)) == [])
        #expect(Self.text(pool.tick(now: 500)) == [], "the overflow is used up")
        #expect(Self.text(pool.released(2, now: 500)) == ["lease 2 c"])
        #expect(Self.text(pool.released(2, now: 501)) == [])
        #expect(pool.nextTick == 601)
        #expect(Self.text(pool.tick(now: 601)) == ["close 2"])
        #expect(pool.nextTick == nil)
    }

    @Test func aWaitEnds() {
        var pool = Self.pool(size: 1, overflow: 0)
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        _ = pool.request("b", now: 5)
        #expect(pool.nextTick == 1005)
        #expect(Self.text(pool.tick(now: 1005)) == ["fail b timeout"])
        #expect(Self.text(pool.released(1, now: 1006)) == [])
    }

    @Test func aServerThatIsAwayFailsThoseWhoWaitOnce() {
        var pool = Self.pool()
        _ = pool.request("a", now: 0)
        #expect(Self.text(pool.request("b", now: 0)) == ["connect 2"])
        #expect(Self.text(pool.tick(now: 5000)) == [], "the attempt has its own retries")
        #expect(Self.text(pool.connectionFailed(1, .unavailable("x"), now: 9)) == [])
        #expect(pool.connectionFailed(2, .unavailable("x"), now: 9).count == 2)
        #expect(Self.text(pool.request("c", now: 10)) == ["connect 3"])
    }

    @Test func aLostConnectionIsReplacedWhileSomebodyWaits() {
        var pool = Self.pool(size: 1)
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        _ = pool.request("b", now: 0)
        #expect(Self.text(pool.lost(1, now: 1)) == ["close 1", "connect 2"])
        #expect(Self.text(pool.connected(2, now: 2)) == ["lease 2 b"])
        _ = pool.released(2, now: 3)
        #expect(Self.text(pool.lost(2, now: 4)) == ["close 2"])
        #expect(Self.text(pool.lost(2, now: 4)) == [])
        #expect(pool.isEmpty)
    }

    @Test func anOldConnectionIsNotHandedOut() {
        var pool = Self.pool(size: 1, recycle: 50)
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        _ = pool.released(1, now: 10)
        #expect(pool.nextTick == 50)
        #expect(Self.text(pool.request("b", now: 60)) == ["close 1", "connect 2"])
        _ = pool.connected(2, now: 61)
        _ = pool.request("c", now: 70)
        #expect(Self.text(pool.released(2, now: 111)) == ["close 2", "connect 3"])
    }

    @Test func noLimitOfSize() {
        var pool = Self.pool(size: 0)
        for number in 1...9 { #expect(Self.text(pool.request("w", now: 0)) == ["connect \(number)"]) }
    }

    @Test func shuttingDownLetsWorkFinish() {
        var pool = Self.pool()
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        _ = pool.request("b", now: 0)
        _ = pool.connected(2, now: 0)
        _ = pool.released(2, now: 1)
        #expect(Self.text(pool.shutDown()) == ["close 2"])
        #expect(Self.text(pool.request("c", now: 2)) == ["fail c shutDown"])
        #expect(!pool.isEmpty)
        #expect(Self.text(pool.released(1, now: 3)) == ["close 1"])
        #expect(pool.isEmpty)
    }

    @Test(arguments: 1...20) func whateverHappensEverybodyIsServedOrToldOnce(seed: UInt64) {
        var random = SeededRandom(state: seed)
        var pool = ConnectionPool<Int>(
            limits: .init(size: 2, overflow: 2, timeout: 50, recycle: 200, overflowDelay: 5, overflowIdle: 20))
        var (opening, idle, leased): (Set<Int>, Set<Int>, [Int: Int]) = ([], [], [:])
        var outcomes: [Int: Int] = [:]
        var (now, requests) = (Int64(0), 0)

        func perform(_ actions: [ConnectionPool<Int>.Action]) {
            for action in actions {
                switch action {
                case .connect(let id): #expect(opening.insert(id).inserted)
                case .lease(let id, let waiter):
                    #expect(idle.remove(id) != nil, "only a free connection is leased")
                    leased[id] = waiter
                    outcomes[waiter, default: 0] += 1
                case .close(let id):
                    #expect(idle.remove(id) != nil || leased.removeValue(forKey: id) != nil)
                case .fail(let waiter, _): outcomes[waiter, default: 0] += 1
                }
            }
            #expect(opening.count + idle.count + leased.count <= 4)
        }

        func step(_ event: Int) {
            switch event {
            case 0...3:
                requests += 1
                perform(pool.request(requests, now: now))
            case 4:
                guard let id = opening.sorted().randomElement(using: &random) else { return }
                opening.remove(id)
                idle.insert(id)
                perform(pool.connected(id, now: now))
            case 5:
                guard let id = opening.sorted().randomElement(using: &random) else { return }
                opening.remove(id)
                perform(pool.connectionFailed(id, .unavailable("x"), now: now))
            case 6...8:
                guard let id = leased.keys.sorted().randomElement(using: &random) else { return }
                leased[id] = nil
                idle.insert(id)
                perform(pool.released(id, now: now))
            case 9:
                guard let id = (Array(leased.keys) + idle).sorted().randomElement(using: &random) else { return }
                perform(pool.lost(id, now: now))
            default: now += Int64.random(in: 0...9, using: &random)
            }
            if let tick = pool.nextTick, tick <= now { perform(pool.tick(now: now)) }
            #expect(pool.nextTick.map { $0 > now } ?? true, "or the loop would turn without end")
        }

        for _ in 0..<2000 { step(Int.random(in: 0...14, using: &random)) }
        perform(pool.shutDown())
        for _ in 0..<20000 where !pool.isEmpty { step(Int.random(in: 4...14, using: &random)) }
        #expect(pool.isEmpty)
        #expect(outcomes.count == requests && outcomes.values.allSatisfy { $0 == 1 })
    }
}
