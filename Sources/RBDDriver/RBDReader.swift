import ImageStore
import NIOCore
import RBD

/// The bytes of an open image, in order, with several reads on their way at a time. Dropping it closes the image.
///
/// `@unchecked`: used by one task at a time, which ``StoreChunks`` demands of its users.
final class RBDReader: @unchecked Sendable {
    private let image: RBDImage
    private let store: RBDStore
    private var pieces: IncomingPieces

    init(_ image: RBDImage, _ range: Range<Int64>, store: RBDStore) {
        self.image = image
        self.store = store
        pieces = IncomingPieces(range)
    }

    deinit { pieces.cancel() }

    func next() async throws(StoreError) -> ByteBuffer? {
        let bytes = try await pieces.next { [image, store] offset, count, allocate throws(StoreError) in
            do throws(RBDError) {
                return try await image.read(at: offset, count: count, allocate: allocate)
            } catch {
                throw store.failure(error, image.pool.cluster)
            }
        }
        if bytes != nil, pieces.isAtEnd { try await requirePresence() }
        return bytes
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
