import ImageModel
import ImageStore
import NIOCore
import OutgoingHTTP
import Synchronization

/// Writes one image: a request that lasts as long as the upload, to the upload's own name, then two renames.
final class VMwareWriter: StoreWriter {
    private enum State {
        case idle
        case sending(Sending)
        case ended
    }

    /// The request, and what it is fed from.
    private struct Sending {
        let pipe: BodyPipe
        let request: Task<Result<Void, VSphereError>, Never>
    }

    private let state = Mutex(State.idle)
    private let written = Mutex(Int64(0))
    private let files: UploadFiles
    private let expectedSize: Int64?
    private let location: ImageLocation

    /// Less free space than this is none: a datastore that is nearly full refuses writes.
    private static let reserve: Int64 = 16 << 20
    /// How long a cancelled request may take to end in order, and how long its file may take to show up.
    private static let patience = Duration.seconds(5)

    /// - Parameter files: of an upload that has begun.
    init(_ files: UploadFiles, expectedSize: Int64?, location: ImageLocation) {
        self.files = files
        self.expectedSize = expectedSize
        self.location = location
    }

    deinit {
        // What is on the server is found by the upload's record.
        if case .sending(let sending) = state.withLock({ $0 }) { sending.pipe.abort() }
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        for buffer in buffers where buffer.readableBytes > 0 {
            let sending = try begin(length: expectedSize)
            guard await sending.pipe.write(buffer) else { throw await failure(of: sending) }
            written.withLock { $0 += Int64(buffer.readableBytes) }
        }
        await files.folder.keepAlive()
    }

    private func begin(length: Int64?) throws(StoreError) -> Sending {
        let sending: Sending? = state.withLock { state in
            switch state {
            case .ended: return nil
            case .sending(let sending): return sending
            case .idle:
                let pipe = BodyPipe()
                let (folder, name) = (files.folder, files.name.file(.part))
                let request = Task { () async -> Result<Void, VSphereError> in
                    defer { pipe.close() }
                    do throws(VSphereError) {
                        // What has been taken from the pipe cannot be sent again.
                        try await folder.requireSession()
                        return .success(try await folder.put(name, .stream(length: length, pipe)))
                    } catch {
                        return .failure(error)
                    }
                }
                let sending = Sending(pipe: pipe, request: request)
                state = .sending(sending)
                return sending
            }
        }
        guard let sending else { throw .backend("the upload has ended") }
        return sending
    }

    /// Why the request has ended before its time.
    private func failure(of sending: Sending) async -> StoreError {
        guard case .failure(let error) = await sending.request.value else {
            return .backend("vCenter has ended the upload too early")
        }
        guard case .full = error.storeError else { return await isFull ? .full : error.storeError }
        return .full
    }

    /// Whether the datastore has no room for what was still to come: not every server says why it takes no more.
    private var isFull: Bool {
        get async {
            let name = files.folder.datastore
            guard let free = try? await files.folder.inventory.freeSpace([name])[name] else { return false }
            return free < max(Self.reserve, (expectedSize ?? 0) - written.withLock { $0 })
        }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        try await uncancelled { [self] () async throws(StoreError) in
            let size = written.withLock { $0 }
            if let expectedSize, expectedSize != size {
                throw .backend("\(size) bytes have come instead of \(expectedSize)")
            }
            let sending = try begin(length: expectedSize)
            sending.pipe.finish()
            guard case .success = await sending.request.value else { throw await failure(of: sending) }
            // The server knows of no length when the data came in chunks, and would not miss their end.
            let stored = try await translating { () async throws(VSphereError) in
                try await files.folder.size(files.name.file(.part))
            }
            guard stored == size else { throw .backend("vCenter has stored \(stored) of \(size) bytes") }
            try await files.commit(size: size)
            state.withLock { $0 = .ended }
            return location
        }
    }

    func cancel() async {
        let previous = state.withLock { state in
            defer { state = .ended }
            return state
        }
        if case .ended = previous { return }
        try? await uncancelled { [self] () async throws(StoreError) in
            // No commit has begun if the request failed, so the data have no other name.
            if case .sending(let sending) = previous, await isBrokenOff(sending) { try await removeLatePart() }
            try await files.discard(context: .service)
        }
    }

    /// Ends a request that goes on. One without a length ends in order, so that afterwards the server is done with it; another
    /// one is broken off.
    ///
    /// - Returns: whether the server may still be about to make the file.
    private func isBrokenOff(_ sending: Sending) async -> Bool {
        let patience = expectedSize == nil ? Self.patience : .zero
        if expectedSize == nil { sending.pipe.finish() }
        let timer = Task {
            try await Task.sleep(for: patience)
            sending.pipe.abort()
            sending.request.cancel()
        }
        defer { timer.cancel() }
        if case .success = await sending.request.value { return false }
        return sending.pipe.isRead
    }

    /// Waits for a little while for the file of a request that was broken off.
    private func removeLatePart() async throws(StoreError) {
        let end = ContinuousClock.now + .seconds(1)
        var pause = Duration.milliseconds(10)
        while ContinuousClock.now < end, try await !files.removePart() {
            try? await Task.sleep(for: pause)
            pause *= 2
        }
    }
}

/// Runs work that goes on when the task that waits for it is cancelled.
private func uncancelled<Value: Sendable>(
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
