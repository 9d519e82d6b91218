import ImageStore
import NIOCore
import RBD

/// The bytes of an image in a volume, in order, with several reads on their way at a time. Dropping it gives the volume back.
///
/// `@unchecked`: used by one task at a time, which ``StoreChunks`` demands of its users.
final class VolumeReader: @unchecked Sendable {
    private let connection: ConnectedVolume
    private let end: Int64
    private var position: Int64
    private var reads: [(task: Task<ByteBuffer, any Error>, grant: TransferGrant?)] = []
    private let close: @Sendable () -> Void

    private static let pieceSize = 2 << 20
    private static let depth = 6

    /// - Parameter close: gives the volume back.
    init(_ connection: ConnectedVolume, _ range: Range<Int64>, close: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.close = close
        position = range.lowerBound
        end = range.upperBound
    }

    deinit {
        let (reads, close) = (reads.map(\.task), close)
        Task {
            for read in reads { _ = await read.result }
            close()
        }
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        start()
        guard !reads.isEmpty else { return nil }
        let read = reads.removeFirst()
        defer { read.grant?.release() }
        switch await read.task.result {
        case .success(let bytes): return bytes
        case .failure(let error as RBDError): return try await connection.ceph { () throws(RBDError) in throw error }
        case .failure(let error): throw .backend("\(error)")
        }
    }

    /// Reads ahead as far as the budget allows, and in any case one small piece.
    private func start() {
        while position < end, reads.count < Self.depth {
            let grant = TransferBudget.shared.acquireAtOnce(Self.pieceSize)
            if grant == nil, !reads.isEmpty { return }
            let size = Int64(grant?.bytes ?? TransferBudget.piece)
            let (offset, count, image) = (position, Int(min(size, end - position)), connection.image)
            position += Int64(count)
            reads.append((Task { try await image.read(at: offset, count: count) }, grant))
        }
    }
}
