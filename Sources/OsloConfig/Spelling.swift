/// Finds the name that somebody who mistyped it meant.
enum Spelling {
    /// The candidate with the fewest edits from `word`, if those are few for its length.
    static func nearest(to word: String, among candidates: some Sequence<String>) -> String? {
        let word = Array(word.lowercased().utf8.prefix(80))
        var best: (distance: Int, candidate: String)?
        for candidate in candidates {
            let letters = Array(candidate.utf8)
            let limit = max(1, max(word.count, letters.count) / 4)
            if abs(letters.count - word.count) > limit { continue }
            let distance = distance(word, letters)
            if distance <= limit, distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best?.candidate
    }

    /// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other (optimal string
    /// alignment).
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for row in left.indices {
            var current = [row + 1]
            current.reserveCapacity(right.count + 1)
            for column in right.indices {
                var cost = min(last[column + 1] + 1, current[column] + 1)
                cost = min(cost, last[column] + (left[row] == right[column] ? 0 : 1))
                if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
                    cost = min(cost, beforeLast[column - 1] + 1)
                }
                current.append(cost)
            }
            (beforeLast, last) = (last, current)
        }
        return last[right.count]
    }
}
