import ImageModel
import ImageStore
import NIOCore
import RBD
import Synchronization

/// Writes one image, with several writes on their way at a time.
final class RBDWriter: StoreWriter {
    private enum State {
        case idle(Progress)
        /// Somebody works on the image.
        case busy
        /// Complete, and closed, under its temporary name.
        case closed
        /// Published, or given up.
        case ended
    }

    /// How far an upload is.
    private struct Progress {
        /// What was received and not yet sent.
        var piece = ByteBuffer()
        var pieceSize = 0
        var grant: TransferGrant?
        /// Where ``piece`` begins.
        var offset: Int64 = 0
        /// The image's size now.
        var capacity: Int64
        /// Writes that are on their way, in order.
        var writes: [Task<Void, any Error>] = []
    }

    private let state: Mutex<State>
    private let image: RBDImage
    private let target: UploadedImage
    private let store: RBDStore
    private let isThin: Bool

    /// Bytes of a write while there is room in the budget, and without.
    private static let pieceSize = 2 << 20
    /// Writes that are on their way.
    private static let depth = 8
    /// An image of unknown size grows by what it has, but by no more than this.
    private static let largestStep: Int64 = 8 << 30

    init(_ image: RBDImage, of target: UploadedImage, store: RBDStore, isThin: Bool) {
        self.image = image
        self.target = target
        self.store = store
        self.isThin = isThin
        state = Mutex(.idle(Progress(capacity: image.size)))
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await perform { progress throws(StoreError) in
            for buffer in buffers {
                var rest = buffer
                while rest.readableBytes > 0 {
                    if progress.pieceSize == 0 { self.begin(&progress) }
                    let room = progress.pieceSize - progress.piece.readableBytes
                    if var part = rest.readSlice(length: min(room, rest.readableBytes)) {
                        progress.piece.writeBuffer(&part)
                    }
                    if progress.piece.readableBytes == progress.pieceSize { try await self.send(&progress) }
                }
            }
        }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        try await perform(isLast: true) { progress throws(StoreError) in
            try await self.finish(&progress)
        }
        do throws(RBDError) {
            try await target.pool.cluster.run { [target] () throws(RBDError) in try target.publish() }
        } catch {
            throw store.failure(error, target.pool.cluster)
        }
        state.withLock { $0 = .ended }
        store.uploads.remove(target.names.upload)
        return store.location(of: target.names.final, fsid: target.pool.cluster.fsid)
    }

    func cancel() async {
        // What cannot be removed now is found by the upload's record, or by its name.
        let end = Task { [self] in
            guard await abandon() else { return }
            store.uploads.remove(target.names.upload)
            try? await store.discard(target, context: .service)
        }
        await target.pool.cluster.attend(end)
    }

    /// Gives up, and closes the image, so that it can be removed.
    ///
    /// - Returns: false when the upload has come to its end before, or somebody works on it, who will fail.
    @discardableResult
    func abandon() async -> Bool {
        let (isOurs, progress): (Bool, Progress?) = state.withLock { state in
            defer { state = .ended }
            return switch state {
            case .idle(let progress): (true, progress)
            case .closed: (true, nil)
            case .busy, .ended: (false, nil)
            }
        }
        if let progress {
            let end = Task { await drain(progress) }
            await target.pool.cluster.attend(end)
        }
        return isOurs
    }

    private func drain(_ progress: Progress) async {
        for write in progress.writes { _ = await write.result }
        await image.close()
    }

    /// Runs `work` with the upload's progress.
    private func perform(
        isLast: Bool = false, _ work: (inout Progress) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        let idle: Progress? = state.withLock { state in
            guard case .idle(let progress) = state else { return nil }
            state = .busy
            return progress
        }
        guard var progress = idle else {
            throw .backend("the upload has ended or a part of it is still being written")
        }
        var failure: StoreError?
        do throws(StoreError) { try await work(&progress) } catch { failure = error }
        let isOver = state.withLock { state in
            // Abandoned meanwhile, by who discards the upload.
            guard case .busy = state else { return true }
            state = isLast && failure == nil ? .closed : .idle(progress)
            return false
        }
        if isOver {
            await drain(progress)
            throw .backend("the upload has been discarded by somebody else")
        }
        if let failure { throw failure }
    }

    /// Starts a piece: a large one if the budget has room for it now.
    private func begin(_ progress: inout Progress) {
        progress.grant = TransferBudget.shared.acquireAtOnce(Self.pieceSize)
        // One small piece at a time is always allowed.
        progress.pieceSize = progress.grant?.bytes ?? TransferBudget.piece
        progress.piece = ByteBufferAllocator().buffer(capacity: progress.pieceSize)
    }

    /// Sends the piece on its way.
    private func send(_ progress: inout Progress) async throws(StoreError) {
        let (piece, offset, grant) = (progress.piece, progress.offset, progress.grant)
        (progress.piece, progress.pieceSize, progress.grant) = (ByteBuffer(), 0, nil)
        progress.offset += Int64(piece.readableBytes)
        guard piece.readableBytes > 0 else { return }
        if isThin, Self.isZero(piece) { return }
        try await grow(&progress)
        while progress.writes.count >= (grant == nil ? 1 : Self.depth) { try await wait(&progress) }
        progress.writes.append(
            Task { [image] in
                defer { grant?.release() }
                try await image.write(piece, at: offset)
            })
    }

    /// Waits for the oldest write.
    private func wait(_ progress: inout Progress) async throws(StoreError) {
        guard !progress.writes.isEmpty else { return }
        let result = await progress.writes.removeFirst().result
        if case .failure(let error) = result {
            throw (error as? RBDError).map { store.failure($0, target.pool.cluster) } ?? .backend("\(error)")
        }
    }

    /// Makes the image large enough for what is before ``Progress/offset``.
    private func grow(_ progress: inout Progress) async throws(StoreError) {
        guard progress.offset > progress.capacity else { return }
        let step = min(max(progress.capacity, 64 << 20), Self.largestStep)
        try await resize(to: max(progress.offset, progress.capacity + step), &progress)
    }

    private func resize(to size: Int64, _ progress: inout Progress) async throws(StoreError) {
        try await change { image throws(RBDError) in try image.resize(to: size) }
        progress.capacity = size
    }

    private func change(_ work: @escaping @Sendable (RBDImage) throws(RBDError) -> Void) async throws(StoreError) {
        do throws(RBDError) {
            try await target.pool.cluster.run { [image] () throws(RBDError) in try work(image) }
        } catch {
            throw store.failure(error, target.pool.cluster)
        }
    }

    /// Everything but the name.
    private func finish(_ progress: inout Progress) async throws(StoreError) {
        try await send(&progress)
        while !progress.writes.isEmpty { try await wait(&progress) }
        do throws(RBDError) { try await image.flush() } catch { throw store.failure(error, target.pool.cluster) }
        if progress.capacity != progress.offset { try await resize(to: progress.offset, &progress) }
        try await change { image throws(RBDError) in
            try image.createSnapshot(RBDLocation.snapshotName)
            try image.protectSnapshot(RBDLocation.snapshotName)
        }
        await image.close()
    }

    private static func isZero(_ piece: ByteBuffer) -> Bool {
        piece.withUnsafeReadableBytes { bytes in
            let words = bytes.count / 8
            for index in 0..<words where bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self) != 0 {
                return false
            }
            return bytes.dropFirst(words * 8).allSatisfy { $0 == 0 }
        }
    }
}
