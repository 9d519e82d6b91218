/// Remembers a bounded number of values for a while each; the one that was used longest ago gives way.
struct ExpiringCache<Key: Hashable, Value> {
    private struct Entry {
        var key: Key
        var value: Value
        var end: ContinuousClock.Instant
        /// Neighbours in the order of use.
        var newer: Int?
        var older: Int?
    }

    let capacity: Int
    private var entries: [Entry] = []
    private var places: [Key: Int] = [:]
    private var newest: Int?
    private var oldest: Int?

    /// - Parameter capacity: at least 1.
    init(capacity: Int) { self.capacity = capacity }

    var count: Int { entries.count }

    mutating func value(for key: Key, at now: ContinuousClock.Instant) -> Value? {
        guard let place = places[key] else { return nil }
        guard entries[place].end > now else {
            remove(place)
            return nil
        }
        unlink(place)
        linkAsNewest(place)
        return entries[place].value
    }

    mutating func insert(_ value: Value, for key: Key, until end: ContinuousClock.Instant) {
        if let place = places[key] {
            unlink(place)
            entries[place].value = value
            entries[place].end = end
            linkAsNewest(place)
            return
        }
        if entries.count >= capacity, let oldest { remove(oldest) }
        entries.append(Entry(key: key, value: value, end: end))
        places[key] = entries.count - 1
        linkAsNewest(entries.count - 1)
    }

    /// Takes an entry out and moves the last one into its place.
    private mutating func remove(_ place: Int) {
        unlink(place)
        places[entries[place].key] = nil
        let last = entries.count - 1
        if place != last {
            entries[place] = entries[last]
            places[entries[place].key] = place
            if let newer = entries[place].newer { entries[newer].older = place } else { newest = place }
            if let older = entries[place].older { entries[older].newer = place } else { oldest = place }
        }
        entries.removeLast()
    }

    private mutating func unlink(_ place: Int) {
        let (newer, older) = (entries[place].newer, entries[place].older)
        if let newer { entries[newer].older = older } else { newest = older }
        if let older { entries[older].newer = newer } else { oldest = newer }
        entries[place].newer = nil
        entries[place].older = nil
    }

    private mutating func linkAsNewest(_ place: Int) {
        entries[place].older = newest
        if let newest { entries[newest].newer = place } else { oldest = place }
        newest = place
    }
}
