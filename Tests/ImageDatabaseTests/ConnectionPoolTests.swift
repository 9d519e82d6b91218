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

    @Test func `the first request opens a connection, the next ones use it`() {
        var pool = Self.pool()
        #expect(Self.text(pool.request("a", now: 0)) == ["connect 1"])
        #expect(Self.text(pool.connected(1, now: 1)) == ["lease 1 a"])
        #expect(Self.text(pool.released(1, now: 2)) == [])
        #expect(Self.text(pool.request("b", now: 3)) == ["lease 1 b"])
    }

    @Test func `waiters are served in their order`() {
        var pool = Self.pool(size: 1)
        _ = pool.request("a", now: 0)
        #expect(Self.text(pool.request("b", now: 0)) == [])
        #expect(Self.text(pool.request("c", now: 0)) == [])
        #expect(Self.text(pool.connected(1, now: 1)) == ["lease 1 a"])
        #expect(Self.text(pool.released(1, now: 2)) == ["lease 1 b"])
        #expect(Self.text(pool.released(1, now: 3)) == ["lease 1 c"])
    }

    @Test func `overflow is for those who waited, and closes when idle`() {
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

    @Test func `a wait ends`() {
        var pool = Self.pool(size: 1, overflow: 0)
        _ = pool.request("a", now: 0)
        _ = pool.connected(1, now: 0)
        _ = pool.request("b", now: 5)
        #expect(pool.nextTick == 1005)
        #expect(Self.text(pool.tick(now: 1005)) == ["fail b timeout"])
        #expect(Self.text(pool.released(1, now: 1006)) == [])
    }

    @Test func `a server that is away fails those who wait, once`() {
        var pool = Self.pool()
        _ = pool.request("a", now: 0)
        #expect(Self.text(pool.request("b", now: 0)) == ["connect 2"])
        #expect(Self.text(pool.tick(now: 5000)) == [], "the attempt has its own patience")
        #expect(Self.text(pool.connectionFailed(1, .unavailable("x"), now: 9)) == [])
        #expect(pool.connectionFailed(2, .unavailable("x"), now: 9).count == 2)
        #expect(Self.text(pool.request("c", now: 10)) == ["connect 3"])
    }

    @Test func `a lost connection is replaced while somebody waits`() {
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

    @Test func `an old connection is not handed out`() {
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

    @Test func `no limit of size`() {
        var pool = Self.pool(size: 0)
        for number in 1...9 { #expect(Self.text(pool.request("w", now: 0)) == ["connect \(number)"]) }
    }

    @Test func `shutting down lets work finish`() {
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
}
