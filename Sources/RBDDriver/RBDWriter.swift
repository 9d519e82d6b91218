import Glibc
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
        // librbd copies what it writes.
        var pieces = OutgoingPieces(copies: 2)
        /// The image's size now.
        var capacity: Int64
        /// Whether blocks of zeros are left out.
        var isThin: Bool
    }

    private let state: Mutex<State>
    private let image: RBDImage
    private let target: UploadedImage
    private let store: RBDStore

    /// An image of unknown size grows by what it has, but by no more than this.
    private static let largestStep: Int64 = 8 << 30

    init(_ image: RBDImage, of target: UploadedImage, store: RBDStore, isThin: Bool) {
        self.image = image
        self.target = target
        self.store = store
        state = Mutex(.idle(Progress(capacity: image.size, isThin: isThin)))
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await perform { progress throws(StoreError) in
            for buffer in buffers {
                var rest = buffer
                while let piece = progress.pieces.take(from: &rest) { try await self.send(piece, &progress) }
            }
        }
    }

    /// Copies an image of the same cluster. librbd's own copy does the same, reading and writing here, but cannot be ended, holds
    /// ten whole objects whatever their size, and takes over the image's metadata. Blocks of zeros are left out, as it does.
    func copy(
        _ location: ImageLocation, of source: any Store, progress report: @escaping @Sendable (Int) -> Void
    ) async throws(StoreError) -> Int64? {
        guard let source = source.undecorated as? RBDStore,
            let content = try? await source.reader(of: location, fsid: target.pool.cluster.fsid)
        else { return nil }
        try await perform { progress throws(StoreError) in progress.isThin = true }
        var count: Int64 = 0
        while !Task.isCancelled, let bytes = try await content.next() {
            try await write([bytes])
            count += Int64(bytes.readableBytes)
            report(bytes.readableBytes)
        }
        return count
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
        await progress.pieces.settle()
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

    /// Sends a piece on its way.
    private func send(_ piece: OutgoingPieces.Piece, _ progress: inout Progress) async throws(StoreError) {
        if progress.isThin, Self.isZero(piece.bytes) { return }
        try await grow(&progress, to: piece.end)
        try await progress.pieces.start(piece) { [image, store] bytes, offset throws(StoreError) in
            do throws(RBDError) {
                try await image.write(bytes, at: offset)
            } catch {
                throw store.failure(error, image.pool.cluster)
            }
        }
    }

    /// Makes the image large enough.
    private func grow(_ progress: inout Progress, to size: Int64) async throws(StoreError) {
        guard size > progress.capacity else { return }
        let step = min(max(progress.capacity, 64 << 20), Self.largestStep)
        try await resize(to: max(size, progress.capacity + step), &progress)
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
        if let rest = progress.pieces.takeRest() { try await send(rest, &progress) }
        try await progress.pieces.drain()
        do throws(RBDError) { try await image.flush() } catch { throw store.failure(error, target.pool.cluster) }
        let size = progress.pieces.offset
        if progress.capacity != size { try await resize(to: size, &progress) }
        try await change { image throws(RBDError) in
            try image.createSnapshot(RBDLocation.snapshotName)
            try image.protectSnapshot(RBDLocation.snapshotName)
        }
        await image.close()
    }

    private static func isZero(_ piece: ByteBuffer) -> Bool {
        piece.withUnsafeReadableBytes { bytes in
            guard let start = bytes.baseAddress, bytes.count > 0 else { return true }
            // Each byte is as the one before it.
            return bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
        }
    }
}
