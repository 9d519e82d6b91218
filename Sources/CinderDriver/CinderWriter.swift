import ImageModel
import ImageStore
import NIOCore
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
        var pieces: OutgoingPieces
        /// Of the volume, in GiB.
        var size: Int64
    }

    private let state: Mutex<State>
    private let volumeID: String
    private let upload: StoreUpload
    private let store: CinderStore
    private let volumes: Volumes
    private let expectedSize: Int64?

    init(
        _ connection: ConnectedVolume, volume: Volume, upload: StoreUpload, expectedSize: Int64?, store: CinderStore,
        volumes: Volumes
    ) {
        let pieces = OutgoingPieces(copies: connection.content.copies)
        state = Mutex(.idle(Progress(connection: connection, pieces: pieces, size: volume.size)))
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
                    while let piece = progress.pieces.take(from: &rest) { try await send(piece, &progress) }
                }
            }
        }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        try await uncancelled { [self] () async throws(StoreError) in
            try await perform { progress throws(StoreError) in
                if let rest = progress.pieces.takeRest() { try await send(rest, &progress) }
                try await drain(&progress)
                let size = progress.pieces.offset
                guard expectedSize == nil || expectedSize == size else {
                    throw .backend("\(size) bytes have come instead of \(expectedSize ?? 0)")
                }
                try await detach(&progress)
                try await store.publish(upload, volume: volumeID, size: size, volumes: volumes)
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
        await progress.pieces.settle()
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

    private func send(_ piece: OutgoingPieces.Piece, _ progress: inout Progress) async throws(StoreError) {
        if piece.end > progress.size * Volume.gibibyte { try await grow(&progress, to: piece.end) }
        guard let connection = progress.connection else { throw .backend("the image's volume is not attached") }
        try await progress.pieces.start(piece) { bytes, offset throws(StoreError) in
            try await connection.content.write(bytes, at: offset)
        }
    }

    private func drain(_ progress: inout Progress) async throws(StoreError) {
        try await progress.pieces.drain()
        guard let connection = progress.connection else { return }
        try await connection.content.flush()
    }

    /// Makes the volume large enough for so many bytes: by an eighth, so that a large image of unknown
    /// size does not wait for Cinder at each GiB.
    private func grow(_ progress: inout Progress, to end: Int64) async throws(StoreError) {
        let needed = (end + Volume.gibibyte - 1) / Volume.gibibyte
        let size = max(needed, progress.size + max(1, progress.size / 8))
        try await drain(&progress)
        let growsAttached = volumes.settings.growsAttached && progress.connection?.content.growsAttached == true
        if !growsAttached { try await detach(&progress) }
        try await volumes.extend(volumeID, to: size, whileAttached: growsAttached)
        // What is open may not know of the new size.
        if growsAttached { try await detach(&progress) }
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
