import ImageModel
import ImageStore
import NIOCore
import Synchronization

/// A writer into memory that can be slow or fail.
final class RecordingWriter: StoreWriter {
    struct State {
        var bytes: [UInt8] = []
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let beforeWrite: @Sendable (_ written: Int) async throws(StoreError) -> Void

    /// - Parameter beforeWrite: called with the number of bytes written so far.
    init(beforeWrite: @escaping @Sendable (_ written: Int) async throws(StoreError) -> Void = { _ in }) {
        self.beforeWrite = beforeWrite
    }

    var bytes: [UInt8] { state.withLock { $0.bytes } }
    var count: Int { state.withLock { $0.bytes.count } }
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await beforeWrite(count)
        state.withLock { state in for buffer in buffers { state.bytes += buffer.readableBytesView } }
    }

    func commit() async throws(StoreError) -> ImageLocation { ImageLocation(url: "memory://") }

    func cancel() async { state.withLock { $0.isCancelled = true } }
}
