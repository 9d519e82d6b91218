/// The media types that a client takes (`Accept`, RFC 9110 section 12.5.1).
struct AcceptHeader: Sendable, Equatable {
    /// How well a type suits.
    struct Rank: Comparable, Sendable {
        /// 0 (not at all) to 1000.
        var quality = 0
        /// Of the range that names the type: 0 for `*/*`, 1 for `type/*`, 2 for the type itself.
        var specificity = 0

        static func < (left: Rank, right: Rank) -> Bool {
            (left.quality, left.specificity) < (right.quality, right.specificity)
        }
    }

    private var ranges: [MediaRange] = []

    /// - Returns: nil when the text is not a list of media ranges.
    init?(_ text: String) {
        for element in text.utf8.split(separator: UInt8(ascii: ",")) {
            let element = Self.trim(Substring(element))
            if element.isEmpty { continue }
            guard let range = MediaRange(element) else { return nil }
            ranges.append(range)
        }
    }

    /// Rank of a type (`text/html`, in small letters) by the most specific range that names it.
    func rank(_ type: String) -> Rank {
        var best: MediaRange?
        // Of ranges that are equally specific the last one counts.
        for range in ranges where range.matches(type) && range.specificity >= best?.specificity ?? 0 { best = range }
        return best.map { Rank(quality: $0.quality, specificity: $0.specificity) } ?? Rank()
    }

    /// The offer that suits best, the earlier one of equals.
    ///
    /// - Returns: nil when the client takes none of them.
    func best(of offers: [String]) -> String? {
        var best: (offer: String, rank: Rank)?
        for offer in offers {
            let rank = rank(offer)
            if rank.quality > 0, best.map({ rank > $0.rank }) ?? true { best = (offer, rank) }
        }
        return best?.offer
    }

    fileprivate static func trim(_ text: Substring) -> Substring {
        var text = text
        while let first = text.utf8.first, first == 0x20 || first == 0x09 { text = text.dropFirst() }
        while let last = text.utf8.last, last == 0x20 || last == 0x09 { text = text.dropLast() }
        return text
    }
}

/// One element of `Accept`.
private struct MediaRange: Sendable, Equatable {
    /// `type/subtype` in small letters; either may be `*`.
    var name: String
    /// Ranges with parameters match no offer of ours.
    var hasParameters = false
    /// 0 to 1000.
    var quality = 1000

    var specificity: Int { name == "*/*" ? 0 : name.hasSuffix("/*") ? 1 : 2 }

    func matches(_ type: String) -> Bool {
        guard !hasParameters else { return false }
        return switch specificity {
        case 0: true
        case 1: type.utf8.starts(with: name.utf8.dropLast())
        default: name == type
        }
    }

    /// - Returns: nil when the text is not a media range.
    init?(_ text: Substring) {
        let parts = text.split(separator: ";", omittingEmptySubsequences: false)
        guard let range = parts.first else { return nil }
        let names = AcceptHeader.trim(range).split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, !names[0].isEmpty, !names[1].isEmpty else { return nil }
        name = AcceptHeader.trim(range).lowercased()
        for parameter in parts.dropFirst() {
            let pair = AcceptHeader.trim(parameter).split(separator: "=", maxSplits: 1)
            guard pair.count == 2 else { return nil }
            if pair[0].lowercased() == "q" {
                guard let value = Double(pair[1]), (0...1).contains(value) else { return nil }
                quality = Int(value * 1000)
                break
            }
            hasParameters = true
        }
    }
}
