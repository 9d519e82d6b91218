import ImageModel
import ImageStore
import NIOCore
import Synchronization

/// A real store that holds the first task that comes to a certain point, as a process is held that gets SIGSTOP there.
final class HoldingStore: StoreDecorator {
    enum Point: Sendable {
        case beforeCommit, afterCommit, beforeDiscard
    }

    private struct State {
        var isHeld = false
        var mayGoOn = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    let store: any Store
    private let point: Point
    private let state = Mutex(State())

    init(_ store: any Store, at point: Point) {
        self.store = store
        self.point = point
    }

    /// Returns when a task is held.
    func reached() async {
        while !state.withLock({ $0.isHeld }) { await Task.yield() }
    }

    /// Lets the held task go on.
    func goOn() {
        let waiting = state.withLock { state in
            state.mayGoOn = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    fileprivate func pass(_ point: Point) async {
        let isFirst = state.withLock { state in
            guard point == self.point, !state.isHeld else { return false }
            state.isHeld = true
            return true
        }
        guard isFirst else { return }
        await withCheckedContinuation { continuation in
            let mayGoOn = state.withLock { state in
                if !state.mayGoOn { state.waiting.append(continuation) }
                return state.mayGoOn
            }
            if mayGoOn { continuation.resume() }
        }
    }

    func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        Writer(
            writer: try await store.makeWriter(for: upload, expectedSize: expectedSize, context: context), store: self)
    }

    func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        await pass(.beforeDiscard)
        try await store.discard(upload, context: context)
    }

    private final class Writer: StoreWriter {
        private let writer: any StoreWriter
        private let store: HoldingStore

        init(writer: any StoreWriter, store: HoldingStore) {
            self.writer = writer
            self.store = store
        }

        func write(_ buffers: [ByteBuffer]) async throws(StoreError) { try await writer.write(buffers) }
        func cancel() async { await writer.cancel() }

        func commit() async throws(StoreError) -> ImageLocation {
            await store.pass(.beforeCommit)
            let location = try await writer.commit()
            await store.pass(.afterCommit)
            return location
        }
    }
}
