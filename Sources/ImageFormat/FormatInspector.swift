/// Looks for one format in a stream of bytes.
///
/// It says which bytes it wants next, and gets them in one piece, whatever blocks the stream comes in. A range begins where the
/// one before did and is longer, or it begins behind it: streams do not turn back. How long a range is never follows a header
/// without a bound.
protocol FormatInspector: Sendable {
    /// The bytes that are wanted next; nil if none.
    var wanted: ByteRange? { get }

    /// How many of the last bytes of the stream are wanted.
    var tail: Int { get }

    /// Takes the bytes that were wanted; exactly as many.
    mutating func take(_ bytes: [UInt8])

    /// The stream has ended.
    ///
    /// - Parameters:
    ///   - rest: what there was of the bytes that were still wanted.
    ///   - tail: the last bytes, as many as were wanted, or all there are.
    ///   - size: of the data.
    /// - Returns: nil if the data do not have this format.
    func finding(rest: [UInt8], tail: [UInt8], size: Int64) -> FormatFinding?
}

extension FormatInspector {
    var tail: Int { 0 }
}
