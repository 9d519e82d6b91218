import NIOCore

/// Collects what is received into blocks and has one written while the next one fills, so a slow disk slows the server and
/// memory is two blocks, whatever the size of the packets.
struct DownloadWriter {
    /// Bytes.
    private static let blockSize = 1 << 20
    /// How much a crash may cost.
    private static let checkpointInterval: Int64 = 64 << 20

    private let file: DownloadFile
    private(set) var checkpoint: DownloadCheckpoint?
    /// Where the block belongs.
    private var offset: Int64
    private var block = ByteBuffer()
    private var saved: Int64
    private var writing: Task<Result<Void, ExternalHTTPError>, Never>?

    /// - Parameter checkpoint: nil when the download could not go on from the middle.
    init(_ file: DownloadFile, _ checkpoint: DownloadCheckpoint?) {
        self.file = file
        self.checkpoint = checkpoint
        offset = checkpoint?.received ?? 0
        saved = offset
    }

    /// Bytes received so far.
    var received: Int64 { offset + Int64(block.readableBytes) }

    /// - Returns: whether a block was full.
    mutating func write(_ buffer: ByteBuffer) async throws(ExternalHTTPError) -> Bool {
        if block.readableBytes == 0 { block.reserveCapacity(Self.blockSize) }
        block.writeImmutableBuffer(buffer)
        guard block.readableBytes >= Self.blockSize else { return false }
        try await send()
        return true
    }

    /// Everything that was received is on the disk afterwards, and nothing is being written any more; also after a failure
    /// of the server, because the next connection can go on with it.
    mutating func finish() async throws(ExternalHTTPError) {
        if block.readableBytes > 0 { try await send() }
        try await settle()
        checkpoint?.received = offset
        try await file.finish(checkpoint)
    }

    private mutating func send() async throws(ExternalHTTPError) {
        try await settle()
        let (file, full, start) = (file, block, offset)
        offset += Int64(full.readableBytes)
        block = ByteBuffer()
        var reached: DownloadCheckpoint?
        if offset - saved >= Self.checkpointInterval {
            saved = offset
            reached = checkpoint
            reached?.received = offset
        }
        writing = Task { [reached] in
            do throws(ExternalHTTPError) {
                return .success(try await file.write(full, at: start, checkpoint: reached))
            } catch {
                return .failure(error)
            }
        }
    }

    private mutating func settle() async throws(ExternalHTTPError) {
        defer { writing = nil }
        try await writing?.value.get()
    }
}
