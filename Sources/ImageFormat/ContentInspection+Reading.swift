/// Data that can be read by position.
extension ContentInspection {
    /// Bytes of a read. Most formats want less.
    private static let blockSize: UInt64 = 64 << 10

    /// Looks at data of which it reads only what somebody wants.
    ///
    /// - Parameters:
    ///   - size: of the data in bytes.
    ///   - read: gets the bytes of a range, which lies within the data.
    public func content(
        ofSize size: Int64, read: (Range<Int64>) async throws -> [UInt8]
    ) async rethrows -> ImageContent {
        var inspection = self
        let end = UInt64(max(0, size))
        while let wanted = inspection.wanted, wanted < end {
            inspection.skip(to: wanted)
            let block = try await read(Int64(wanted)..<Int64(min(wanted + Self.blockSize, end)))
            if block.isEmpty { break }
            block.withUnsafeBytes { inspection.consume($0) }
        }
        let tail = Int64(min(UInt64(inspection.wantedTail), end))
        return inspection.finish(size: size, tail: tail == 0 ? [] : try await read(size - tail..<size))
    }
}
