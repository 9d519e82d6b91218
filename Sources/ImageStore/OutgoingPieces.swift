public import NIOCore

/// The bytes of one transfer on their way into a backend that is written by position: they are cut into pieces, of which several are
/// being written at a time.
///
/// What is held for that comes from a ``TransferBudget``. While it has room, pieces are large; without, one small piece is written
/// after the other. Pieces end where a multiple of their size does, and so never lie across two objects of a backend whose objects
/// are larger than that.
///
/// Used by one task at a time. Who gives a transfer up calls ``settle()``, as writes go on that have begun.
public struct OutgoingPieces: Sendable {
    /// Some bytes, and where they belong.
    public struct Piece: Sendable {
        public let bytes: ByteBuffer
        public let offset: Int64
        fileprivate let grant: TransferGrant?

        /// Where it ends.
        public var end: Int64 { offset + Int64(bytes.readableBytes) }
    }

    /// Bytes of all complete pieces: where the next one begins.
    public private(set) var offset: Int64 = 0
    private var bytes = ByteBuffer()
    private var size = 0
    private var grant: TransferGrant?
    /// In the order of their offsets.
    private var writes: [Task<Result<Void, StoreError>, Never>] = []
    private let pieceSize: Int
    private let depth: Int
    private let copies: Int
    private let budget: TransferBudget

    /// - Parameters:
    ///   - pieceSize: bytes of a large piece, a multiple of ``TransferBudget/piece``.
    ///   - depth: pieces that are written at a time.
    ///   - copies: how often a piece is in memory while it is written: 2 where a library makes its own.
    public init(
        pieceSize: Int = TransferBudget.largePiece, depth: Int = 8, copies: Int = 1, budget: TransferBudget = .shared
    ) {
        self.pieceSize = pieceSize
        self.depth = depth
        self.copies = copies
        self.budget = budget
    }

    /// Takes bytes from the front of a buffer, until a piece is complete.
    ///
    /// - Returns: nil when the buffer is empty and no piece complete.
    public mutating func take(from buffer: inout ByteBuffer) -> Piece? {
        guard buffer.readableBytes > 0 else { return nil }
        if size == 0 { begin() }
        if bytes.readableBytes == 0, buffer.readableBytes == size, buffer.storageCapacity == size {
            bytes = buffer
            buffer = ByteBuffer()
        } else {
            if bytes.storageCapacity < size { bytes = budget.buffer(capacity: size) }
            let count = min(size - bytes.readableBytes, buffer.readableBytes)
            if var part = buffer.readSlice(length: count) { bytes.writeBuffer(&part) }
        }
        return bytes.readableBytes == size ? takeRest() : nil
    }

    /// Takes what there is of a piece, at the end of the transfer; nil if there is nothing.
    public mutating func takeRest() -> Piece? {
        guard bytes.readableBytes > 0 else { return nil }
        let piece = Piece(bytes: bytes, offset: offset, grant: grant)
        (bytes, size, grant) = (ByteBuffer(), 0, nil)
        offset = piece.end
        return piece
    }

    private mutating func begin() {
        grant = budget.acquireAtOnce(pieceSize * copies)
        let whole = Int64(grant == nil ? TransferBudget.piece : pieceSize)
        size = Int(whole - offset % whole)
    }

    /// Begins to write a piece, when there is room for it beside those that are being written. A piece that is not written at all,
    /// because the backend needs no zeros, is just let go of.
    ///
    /// - Throws: what an earlier write has thrown.
    public mutating func start(
        _ piece: Piece, _ write: @escaping @Sendable (ByteBuffer, Int64) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        while writes.count >= (piece.grant == nil ? 1 : depth) { try await wait() }
        writes.append(
            Task { [budget] in
                defer {
                    if let grant = piece.grant {
                        grant.release()
                        budget.recycle(piece.bytes)
                    }
                }
                do throws(StoreError) {
                    try await write(piece.bytes, piece.offset)
                    return .success(())
                } catch {
                    return .failure(error)
                }
            })
    }

    /// Waits until all pieces are written.
    ///
    /// - Throws: what one of the writes has thrown; others may still go on.
    public mutating func drain() async throws(StoreError) {
        while !writes.isEmpty { try await wait() }
    }

    /// Waits until no piece is being written any more, whatever has come of it.
    public func settle() async {
        for write in writes { _ = await write.value }
    }

    /// Waits for the oldest write.
    private mutating func wait() async throws(StoreError) { try await writes.removeFirst().value.get() }
}
