import Testing

@testable import Identity

@Suite struct ExpiringCacheTests {
    private let start = ContinuousClock.now

    private func later(_ seconds: Int) -> ContinuousClock.Instant { start + .seconds(seconds) }

    @Test func whatWasUsedLongestAgoGivesWay() {
        var cache = ExpiringCache<Int, String>(capacity: 3)
        for key in 1...3 { cache.insert("\(key)", for: key, until: later(10)) }
        #expect(cache.value(for: 1, at: start) == "1")
        cache.insert("4", for: 4, until: later(10))
        #expect(cache.value(for: 2, at: start) == nil)
        #expect([1, 3, 4].map { cache.value(for: $0, at: start) } == ["1", "3", "4"])
        #expect(cache.count == 3)
    }

    @Test func entriesEnd() {
        var cache = ExpiringCache<Int, String>(capacity: 3)
        cache.insert("a", for: 1, until: later(10))
        #expect(cache.value(for: 1, at: later(9)) == "a")
        #expect(cache.value(for: 1, at: later(10)) == nil)
        #expect(cache.count == 0)
        cache.insert("b", for: 1, until: later(10))
        cache.insert("c", for: 1, until: later(20))
        #expect(cache.value(for: 1, at: later(15)) == "c")
        #expect(cache.count == 1)
    }

    /// Thousands of random steps beside the simplest possible implementation.
    @Test(arguments: [1, 2, 7]) func behavesLikeItsModel(capacity: Int) {
        var cache = ExpiringCache<Int, Int>(capacity: capacity)
        var model: [(key: Int, value: Int, end: Int)] = []
        var random = SystemRandomNumberGenerator()
        for now in 0..<5000 {
            let key = Int.random(in: 0..<10, using: &random)
            let place = model.firstIndex { $0.key == key }
            if Bool.random(using: &random) {
                let end = now + Int.random(in: 1..<20, using: &random)
                cache.insert(now, for: key, until: later(end))
                if let place { model.remove(at: place) } else if model.count == capacity { model.removeFirst() }
                model.append((key, now, end))
            } else {
                var expected: Int?
                if let place {
                    let entry = model.remove(at: place)
                    if entry.end > now {
                        expected = entry.value
                        model.append(entry)
                    }
                }
                #expect(cache.value(for: key, at: later(now)) == expected)
            }
            #expect(cache.count == model.count)
        }
    }
}
