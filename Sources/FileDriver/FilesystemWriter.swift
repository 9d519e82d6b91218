import ImageModel
import ImageStore
import NIOCore
import Synchronization

/// Writes one image through the threads of its store.
final class FilesystemWriter: StoreWriter {
    private enum State {
        case idle(PartFile)
        /// A thread works on the file.
        case busy
        /// Cancelled while a thread works on the file, after a timeout: that thread cleans up.
        case abandoned
        case ended
    }

    private let state: Mutex<State>
    private let store: FilesystemStore
    private let pool: BlockingPool

    init(_ file: PartFile, store: FilesystemStore, pool: BlockingPool) {
        state = Mutex(.idle(file))
        self.store = store
        self.pool = pool
    }

    deinit {
        if case .idle(let file) = state.withLock({ $0 }) { pool.runLater { file.remove() } }
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await perform { file throws(StoreError) in try file.append(buffers) }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        let path = try await perform(isLast: true) { file throws(StoreError) in
            try file.publish()
            return file.finalPath
        }
        return store.location(forFile: path)
    }

    func cancel() async {
        let file: PartFile? = state.withLock { state in
            switch state {
            case .idle(let file):
                state = .ended
                return file
            case .busy:
                state = .abandoned
                return nil
            case .abandoned, .ended:
                return nil
            }
        }
        guard let file else { return }
        // The only error is a timeout, after which the thread goes on by itself.
        try? await pool.run { () throws(StoreError) in file.remove() }
    }

    /// Runs `work` on a thread.
    ///
    /// - Parameter isLast: whether success ends the upload.
    private func perform<Value: Sendable>(
        isLast: Bool = false, _ work: @escaping @Sendable (inout PartFile) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let idle: PartFile? = state.withLock { state in
            guard case .idle(let file) = state else { return nil }
            state = .busy
            return file
        }
        guard let idle else { throw .backend("the upload has ended or a part of it is still being written") }
        return try await pool.run { [self] () throws(StoreError) in
            var file = idle
            do throws(StoreError) {
                let value = try work(&file)
                settle(file, isLast: isLast)
                return value
            } catch {
                settle(file, isLast: false)
                throw error
            }
        }
    }

    /// What the thread does when it is done with the file.
    private func settle(_ file: PartFile, isLast: Bool) {
        let isAbandoned = state.withLock { state in
            if case .abandoned = state {
                state = .ended
                return true
            }
            state = isLast ? .ended : .idle(file)
            return false
        }
        if isAbandoned {
            file.remove()
        } else if isLast {
            file.close()
        }
    }
}
