import Glibc

/// Random numbers of the system, many at a time: one system call for each request would be too many.
struct RandomPool: RandomNumberGenerator {
    private var numbers: [UInt64] = []

    mutating func next() -> UInt64 {
        if let number = numbers.popLast() { return number }
        var fresh = [UInt64](repeating: 0, count: 32)
        let isFilled = fresh.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) == 0 }
        guard isFilled, let number = fresh.popLast() else {
            var generator = SystemRandomNumberGenerator()
            return generator.next()
        }
        numbers = fresh
        return number
    }
}
