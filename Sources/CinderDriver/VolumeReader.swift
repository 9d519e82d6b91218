import ImageStore
import NIOCore

/// The bytes of an image in a volume, in order, with several reads on their way at a time. Dropping it gives the volume back.
///
/// `@unchecked`: used by one task at a time, which ``StoreChunks`` demands of its users.
final class VolumeReader: @unchecked Sendable {
    private let connection: ConnectedVolume
    private var pieces: IncomingPieces
    private let close: @Sendable () -> Void

    /// - Parameter close: gives the volume back.
    init(_ connection: ConnectedVolume, _ range: Range<Int64>, close: @escaping @Sendable () -> Void) {
        self.connection = connection
        self.close = close
        pieces = IncomingPieces(range)
    }

    deinit {
        Task { [pieces, close] in
            pieces.cancel()
            await pieces.settle()
            close()
        }
    }

    func next() async throws(StoreError) -> ByteBuffer? {
        try await pieces.next { [connection] offset, count, allocate throws(StoreError) in
            try await connection.content.read(at: offset, count: count, allocate: allocate)
        }
    }
}
