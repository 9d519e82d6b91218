import Glibc

/// The step `image_decompression`: unpacks gzip files, and zip archives with one member. One layer only.
///
/// The data are streamed. What comes out is bounded by ``limit`` and by the free space, however small the archive is.
public struct ImageDecompression: Sendable {
    /// Bytes that an image may have; `image_size_cap`.
    private let limit: Int64

    public init(limit: Int64) { self.limit = limit }

    /// Unpacks `source` into the new file `destination`, if it is packed. Nothing is left of it after an error.
    ///
    /// - Parameters:
    ///   - containerFormat: of an image that is `compressed` the user wants it so, and it stays (Cinder's images are).
    ///   - destination: whatever is there already, a crash may have left it, is overwritten.
    /// - Returns: bytes of the unpacked image, all on the disk; nil if the source is not packed, and there is no new file.
    public func unpack(
        _ source: String, containerFormat: String?, to destination: String
    ) async throws(ImportPluginError) -> Int64? {
        if containerFormat == "compressed" { return nil }
        let limit = limit
        return try await PluginThreads.run { (watch) throws(ImportPluginError) -> Int64? in
            let input = try InputFile(source)
            let head = try input.bytes(at: 0, count: 5)
            guard let archive = Archive(head) else { return nil }
            if archive == .lha { throw .unsupportedArchive("LHA") }
            do throws(ImportPluginError) {
                let output = try OutputFile(destination, limit: limit)
                switch archive {
                case .gzip: try GzipFile(file: input).unpack(into: output, watch)
                case .zip: try ZipFile(input).unpack(into: output, limit: limit, watch)
                case .lha: break
                }
                try output.finish()
                return output.size
            } catch {
                unlink(destination)
                throw error
            }
        }
    }

    private enum Archive {
        case gzip, zip, lha

        /// By the first bytes of a file.
        init?(_ head: [UInt8]) {
            if head.starts(with: GzipFile.magic) {
                self = .gzip
            } else if head.starts(with: ZipFile.magic) {
                self = .zip
            } else if head.dropFirst(2).starts(with: Array("-lh".utf8)) {
                self = .lha
            } else {
                return nil
            }
        }
    }
}
