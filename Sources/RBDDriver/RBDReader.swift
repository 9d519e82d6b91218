import ImageStore
import NIOCore
import RBD

/// The bytes of an open image, in order, with several reads on their way at a time. Dropping it closes the image.
///
/// `@unchecked`: used by one task at a time, which ``StoreChunks`` demands of its users.
final class RBDReader: @unchecked Sendable {
    private let image: RBDImage
    private let store: RBDStore
    private let end: Int64
    /// Where the next read begins.
    private var position: Int64
    /// Reads that are on their way, in order.
    private var reads: [Read] = []

    private struct Read {
        let task: Task<ByteBuffer, any Error>
        let grant: TransferGrant?
    }

    /// Bytes of a read while there is room in the budget.
    private static let pieceSize = 2 << 20
    /// Reads that are on their way.
    private static let depth = 6

    init(_ image: RBDImage, _ range: Range<Int64>, store: RBDStore) {
        self.image = image
        self.store = store
        position = range.lowerBound
        end = range.upperBound
    }

    deinit { for read in reads { read.task.cancel() } }

    func next() async throws(StoreError) -> ByteBuffer? {
        start()
        guard !reads.isEmpty else { return nil }
        let read = reads.removeFirst()
        defer { read.grant?.release() }
        let bytes: ByteBuffer
        switch await read.task.result {
        case .success(let read): bytes = read
        case .failure(let error):
            throw (error as? RBDError).map { store.failure($0, image.pool.cluster) } ?? .backend("\(error)")
        }
        if reads.isEmpty, position == end { try await requirePresence() }
        return bytes
    }

    /// Reads ahead as far as the budget allows, and in any case one small piece.
    private func start() {
        while position < end, reads.count < Self.depth {
            let grant = TransferBudget.shared.acquireAtOnce(Self.pieceSize)
            if grant == nil, !reads.isEmpty { return }
            let size = Int64(grant?.bytes ?? TransferBudget.piece)
            let (offset, count) = (position, Int(min(size, end - position)))
            position += Int64(count)
            reads.append(
                Read(
                    task: Task { [image] in
                        try Task.checkCancellation()
                        return try await image.read(at: offset, count: count)
                    },
                    grant: grant))
        }
    }

    /// What is removed while it is read reads as zeros. So before the last bytes are handed out, the image must still be there.
    private func requirePresence() async throws(StoreError) {
        let isThere: Bool
        do throws(RBDError) {
            isThere = try await image.pool.cluster.run { [image] () throws(RBDError) in
                try image.pool.hasImage(id: image.id)
            }
        } catch {
            throw store.failure(error, image.pool.cluster)
        }
        guard isThere else { throw .backend("the image was removed while it was being read") }
    }
}
