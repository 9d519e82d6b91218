/// Bytes of an image.
struct ByteRange: Sendable, Equatable {
    let offset: UInt64
    let count: Int

    /// Saturated: what cannot be is behind the end of every image.
    var end: UInt64 {
        let (end, overflow) = offset.addingReportingOverflow(UInt64(count))
        return overflow ? .max : end
    }
}
