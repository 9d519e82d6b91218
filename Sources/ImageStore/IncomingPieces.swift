public import NIOCore

/// The bytes of one transfer on their way out of a backend that is read by position: in order, with several reads on their way at
/// a time.
///
/// What is read ahead comes from a ``TransferBudget``. While it has room, pieces are large; without, one small piece is read after
/// the other. Pieces end where a multiple of their size does.
///
/// Used by one task at a time.
public struct IncomingPieces: Sendable {
    /// Makes an empty buffer that has room for so many bytes.
    public typealias Allocation = @Sendable (_ capacity: Int) -> ByteBuffer
    /// Gets so many bytes from an offset, into a buffer that it makes with `allocate`.
    public typealias Reading =
        @Sendable (
            _ offset: Int64, _ count: Int, _ allocate: @escaping Allocation
        ) async throws(StoreError) -> ByteBuffer

    private struct Read {
        let task: Task<Result<ByteBuffer, StoreError>, Never>
        let grant: TransferGrant?
    }

    private let end: Int64
    /// Where the next read begins.
    private var position: Int64
    private var reads: [Read] = []
    /// The piece that was handed out last, which its user may still hold.
    private var lent: (bytes: ByteBuffer, grant: TransferGrant)?
    private let pieceSize: Int
    private let depth: Int
    private let budget: TransferBudget

    /// - Parameters:
    ///   - range: of bytes.
    ///   - pieceSize: bytes of a large piece, a multiple of ``TransferBudget/piece``.
    ///   - depth: pieces that are read at a time.
    public init(
        _ range: Range<Int64>, pieceSize: Int = TransferBudget.largePiece, depth: Int = 6,
        budget: TransferBudget = .shared
    ) {
        position = range.lowerBound
        end = range.upperBound
        self.pieceSize = pieceSize
        self.depth = depth
        self.budget = budget
    }

    /// Whether the last piece has been handed out.
    public var isAtEnd: Bool { position == end && reads.isEmpty }

    /// The next piece; nil at the end. Begins to read those that follow. Whoever asks for it is done with the one before.
    public mutating func next(_ read: @escaping Reading) async throws(StoreError) -> ByteBuffer? {
        if let (bytes, grant) = lent {
            lent = nil
            grant.release()
            budget.recycle(bytes)
        }
        readAhead(read)
        guard !reads.isEmpty else { return nil }
        let first = reads.removeFirst()
        let bytes = try await first.task.value.get()
        if let grant = first.grant { lent = (bytes, grant) }
        return bytes
    }

    /// Keeps reads from beginning that have not begun.
    public func cancel() {
        for read in reads { read.task.cancel() }
    }

    /// Waits until nothing is being read any more, whatever has come of it.
    public func settle() async {
        for read in reads { _ = await read.task.value }
    }

    /// As far as the budget allows, and in any case one small piece.
    private mutating func readAhead(_ read: @escaping Reading) {
        while position < end, reads.count < depth {
            let grant = budget.acquireAtOnce(pieceSize)
            if grant == nil, !reads.isEmpty { return }
            let whole = Int64(grant == nil ? TransferBudget.piece : pieceSize)
            let (offset, count) = (position, Int(min(whole - position % whole, end - position)))
            position += Int64(count)
            reads.append(Read(task: Self.task(offset, count, budget, read), grant: grant))
        }
    }

    private static func task(
        _ offset: Int64, _ count: Int, _ budget: TransferBudget, _ read: @escaping Reading
    ) -> Task<Result<ByteBuffer, StoreError>, Never> {
        Task {
            do throws(StoreError) {
                guard !Task.isCancelled else { throw .backend("nobody wants these bytes any more") }
                return .success(try await read(offset, count, budget.buffer(capacity:)))
            } catch {
                return .failure(error)
            }
        }
    }
}
