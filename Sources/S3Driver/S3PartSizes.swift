/// How large the parts of an upload are: as the option says, and larger where the 10,000 parts that S3 takes would not do.
struct S3PartSizes {
    /// Parts that an object may have.
    static let most = 10_000
    /// After so many parts of an image of unknown size the next ones are twice as large.
    private static let doublingAfter = 1000

    private let first: Int
    private let isKnown: Bool

    init(settings: S3Settings, expectedSize: Int64?) {
        isKnown = expectedSize != nil
        let needed = ((expectedSize ?? 0) + Int64(Self.most) - 1) / Int64(Self.most)
        first = max(settings.partSize, Int(needed))
    }

    /// - Parameter number: counted from 1.
    func size(ofPart number: Int) -> Int {
        if isKnown { return first }
        return max(first, min(first << min((number - 1) / Self.doublingAfter, 16), S3Settings.largestPart))
    }
}
