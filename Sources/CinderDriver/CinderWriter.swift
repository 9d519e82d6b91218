import ImageModel
import ImageStore
import NIOCore
import RBD
import Synchronization

/// Writes one image into its volume, with several writes on their way at a time.
final class CinderWriter: StoreWriter {
    private enum State {
        case idle(Progress)
        case busy
        case ended
    }

    /// How far an upload is.
    private struct Progress {
        /// Nil while the volume is not attached.
        var connection: ConnectedVolume?
        var piece = ByteBuffer()
        var pieceSize = 0
        var grant: TransferGrant?
        /// Where ``piece`` begins.
        var offset: Int64 = 0
        /// Of the volume, in GiB.
        var size: Int64
        var writes: [Task<Void, any Error>] = []
    }

    private let state: Mutex<State>
    private let volumeID: String
    private let upload: StoreUpload
    private let store: CinderStore
    private let volumes: Volumes
    private let expectedSize: Int64?

    private static let pieceSize = 2 << 20
    private static let depth = 8

    init(
        _ connection: ConnectedVolume, volume: Volume, upload: StoreUpload, expectedSize: Int64?, store: CinderStore,
        volumes: Volumes
    ) {
        state = Mutex(.idle(Progress(connection: connection, size: volume.size)))
        volumeID = volume.id
        self.upload = upload
        self.expectedSize = expectedSize
        self.store = store
        self.volumes = volumes
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await uncancelled { [self] () async throws(StoreError) in
            try await perform { progress throws(StoreError) in
                for buffer in buffers {
                    var rest = buffer
                    while rest.readableBytes > 0 {
                        if progress.pieceSize == 0 { begin(&progress) }
                        let room = progress.pieceSize - progress.piece.readableBytes
                        if var part = rest.readSlice(length: min(room, rest.readableBytes)) {
                            progress.piece.writeBuffer(&part)
                        }
                        if progress.piece.readableBytes == progress.pieceSize { try await send(&progress) }
                    }
                }
            }
        }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        try await uncancelled { [self] () async throws(StoreError) in
            try await perform { progress throws(StoreError) in
                try await send(&progress)
                try await drain(&progress)
                guard expectedSize == nil || expectedSize == progress.offset else {
                    throw .backend("\(progress.offset) bytes have come instead of \(expectedSize ?? 0)")
                }
                try await detach(&progress)
                try await store.publish(upload, volume: volumeID, size: progress.offset, volumes: volumes)
            }
            state.withLock { $0 = .ended }
            return store.location(ofVolume: volumeID)
        }
    }

    func cancel() async {
        try? await uncancelled { [self] () async throws(StoreError) in
            guard await abandon() else { return }
            try await store.remove(upload, volumes: volumes)
        }
    }

    /// Gives up, and gives the volume back, so that it can be removed.
    ///
    /// - Returns: false when the upload has ended before, or somebody works on it, who will fail.
    @discardableResult
    func abandon() async -> Bool {
        let progress: Progress? = state.withLock { state in
            defer { state = .ended }
            guard case .idle(let progress) = state else { return nil }
            return progress
        }
        guard let progress else { return false }
        await release(progress)
        return true
    }

    private func release(_ progress: Progress) async {
        for write in progress.writes { _ = await write.result }
        // What stays attached is given back by who removes the volume.
        try? await progress.connection?.detach()
    }

    private func perform(_ work: (inout Progress) async throws(StoreError) -> Void) async throws(StoreError) {
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
            guard case .busy = state else { return true }
            state = .idle(progress)
            return false
        }
        if isOver {
            await release(progress)
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

    private func send(_ progress: inout Progress) async throws(StoreError) {
        let (piece, offset, grant) = (progress.piece, progress.offset, progress.grant)
        (progress.piece, progress.pieceSize, progress.grant) = (ByteBuffer(), 0, nil)
        guard piece.readableBytes > 0 else { return }
        progress.offset += Int64(piece.readableBytes)
        if progress.offset > progress.size * Volume.gibibyte { try await grow(&progress) }
        guard let connection = progress.connection else { throw .backend("the image's volume is not attached") }
        while progress.writes.count >= (grant == nil ? 1 : Self.depth) { try await wait(&progress) }
        progress.writes.append(
            Task {
                defer { grant?.release() }
                try await connection.image.write(piece, at: offset)
            })
    }

    private func wait(_ progress: inout Progress) async throws(StoreError) {
        guard !progress.writes.isEmpty else { return }
        if case .failure(let error) = await progress.writes.removeFirst().result {
            throw (error as? RBDError).map { StoreError(ceph: $0) } ?? .backend("\(error)")
        }
    }

    private func drain(_ progress: inout Progress) async throws(StoreError) {
        while !progress.writes.isEmpty { try await wait(&progress) }
        guard let connection = progress.connection else { return }
        try await connection.ceph { () async throws(RBDError) in try await connection.image.flush() }
    }

    /// Makes the volume large enough for what is before ``Progress/offset``: by an eighth, so that a large image of unknown
    /// size does not wait for Cinder at each GiB.
    private func grow(_ progress: inout Progress) async throws(StoreError) {
        let needed = (progress.offset + Volume.gibibyte - 1) / Volume.gibibyte
        let size = max(needed, progress.size + max(1, progress.size / 8))
        try await drain(&progress)
        if !volumes.settings.growsAttached { try await detach(&progress) }
        try await volumes.extend(volumeID, to: size)
        // What is open may not know of the new size.
        if volumes.settings.growsAttached { try await detach(&progress) }
        let volume = try await translating { () async throws(CinderError) in try await volumes.get(volumeID) }
        progress.size = volume.size
        progress.connection = try await ConnectedVolume.attach(volume, .writing, volumes)
    }

    private func detach(_ progress: inout Progress) async throws(StoreError) {
        guard let connection = progress.connection else { return }
        progress.connection = nil
        try await connection.detach()
        try await volumes.wait(for: "available", of: volumeID, while: ["in-use", "detaching", "attaching"])
    }
}

/// Runs work that goes on when the task that waits for it is cancelled.
func uncancelled<Value: Sendable>(
    _ work: @escaping @Sendable () async throws(StoreError) -> Value
) async throws(StoreError) -> Value {
    let task = Task { () async -> Result<Value, StoreError> in
        do throws(StoreError) {
            return .success(try await work())
        } catch {
            return .failure(error)
        }
    }
    return try await task.value.get()
}
