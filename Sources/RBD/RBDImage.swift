import Glibc
public import NIOCore
import Synchronization

/// An open image. Reading and writing go on beside each other and take no thread.
///
/// `@unchecked`: librbd lets any thread use its handles.
public final class RBDImage: @unchecked Sendable {
    public let pool: CephPool
    /// Bytes when it was opened; of a snapshot, if one was.
    public let size: Int64
    /// Never that of another image.
    public let id: String
    private let handle: CephLibrary.Handle
    private let isClosed = Atomic(false)
    private let opened = ContinuousClock.now

    /// How old an image must be before it is closed. When librbd 16 has said that an image is open, the thread that has opened it looks
    /// at it once more, whatever others have done with it by then.
    private static let leastAge = Duration.milliseconds(100)

    private var library: CephLibrary { pool.library }

    /// Opens an image.
    ///
    /// - Parameters:
    ///   - snapshot: to be read instead of the image itself.
    ///   - isReadOnly: others may remove the image meanwhile; else they can't (`EBUSY`).
    /// - Throws: `ENOENT` when there is no such image or snapshot; ``RBDError/timeout`` when the cluster does not answer.
    public static func open(
        _ name: String, snapshot: String? = nil, isReadOnly: Bool = true, in pool: CephPool
    ) async throws(RBDError) -> RBDImage {
        let library = pool.library
        let answer = Answer<Result<SendablePointer, RBDError>> { late in
            if case .success(let handle) = late { close(handle, pool, opened: .now) }
        }
        let place = Place()
        Completion.start(library) { completion in
            (isReadOnly ? library.openReadOnly : library.open)(pool.handle, name, place.pointer, snapshot, completion)
        } done: { status in
            guard status >= 0, let handle = place.pointer.pointee else {
                return answer.give(.failure(failure(status, "cannot open an image")))
            }
            answer.give(.success(SendablePointer(handle)))
        }
        guard let opened = await answer.wait(for: pool.cluster.settings.patience) else { throw .timeout }
        let handle = try opened.get()
        return try await pool.cluster.run(isPatient: false) { () throws(RBDError) in try RBDImage(handle, in: pool) }
    }

    /// Blocks when somebody has changed the image since it was opened: then librbd asks the cluster once more, for which it needs the
    /// thread of its callbacks.
    private init(_ handle: SendablePointer, in pool: CephPool) throws(RBDError) {
        self.pool = pool
        self.handle = handle.pointer
        var size: UInt64 = 0
        var text = [CChar](repeating: 0, count: 256)
        let library = pool.library
        let status = min(library.getSize(self.handle, &size), library.getID(self.handle, &text, text.count))
        self.size = Int64(clamping: size)
        id = String(text)
        guard status >= 0 else { throw .failed(code: -status, doing: "cannot ask for an image's size") }
    }

    deinit {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        Self.close(SendablePointer(handle), pool, opened: opened)
    }

    /// Closes the image, which must not be in use any more. A second time does nothing.
    ///
    /// Returns after a while in any case. A cluster that is away closes it when it is back.
    public func close() async {
        guard !isClosed.exchange(true, ordering: .relaxed) else { return }
        let answer = Answer<Void>()
        Self.close(SendablePointer(handle), pool, opened: opened) { answer.give(()) }
        _ = await answer.wait(for: pool.cluster.settings.patience)
    }

    /// Closes an image as soon as it is old enough.
    ///
    /// - Parameter done: is called when it is closed.
    private static func close(
        _ handle: SendablePointer, _ pool: CephPool, opened: ContinuousClock.Instant,
        done: @escaping @Sendable () -> Void = {}
    ) {
        Task {
            // Nobody cancels it.
            try? await Task.sleep(until: opened + leastAge)
            Completion.start(pool.library) {
                pool.library.close(handle.pointer, $0)
            } done: { _ in
                _ = pool
                done()
            }
        }
    }

    // MARK: Data

    /// Reads so many bytes; what was never written is zeros.
    ///
    /// - Parameter allocate: makes the buffer for them.
    /// - Throws: `EINVAL` when the image ends before.
    public func read(
        at offset: Int64, count: Int,
        allocate: (_ capacity: Int) -> ByteBuffer = ByteBufferAllocator().buffer(capacity:)
    ) async throws(RBDError) -> ByteBuffer {
        let memory = Memory(allocate(count))
        let read = try await perform("cannot read an image") { [self] in
            library.read(handle, UInt64(offset), count, memory.start, $0)
        }
        guard read == count else { throw .failed(code: EINVAL, doing: "cannot read behind the end of an image") }
        memory.buffer.moveWriterIndex(forwardBy: count)
        return memory.buffer
    }

    /// Writes bytes within the image's size. They are durable when this returns.
    public func write(_ bytes: ByteBuffer, at offset: Int64) async throws(RBDError) {
        guard bytes.readableBytes > 0 else { return }
        let memory = Memory(bytes)
        _ = try await perform("cannot write an image") { [self] in
            library.write(handle, UInt64(offset), bytes.readableBytes, memory.bytes, $0)
        }
        withExtendedLifetime(memory) {}
    }

    /// Makes all writes that have returned durable.
    public func flush() async throws(RBDError) {
        _ = try await perform("cannot write an image") { [self] in library.flush(handle, $0) }
    }

    private func perform(
        _ doing: String, _ start: @escaping @Sendable (CephLibrary.Handle) -> Int32
    ) async throws(RBDError) -> Int {
        let status = await withCheckedContinuation { (continuation: CheckedContinuation<Int, Never>) in
            // Holds the image, and so all that the library needs, until it is done.
            Completion.start(library, start) { [self] status in
                _ = self
                continuation.resume(returning: status)
            }
        }
        guard status >= 0 else { throw Self.failure(status, doing) }
        return status
    }

    private static func failure(_ status: Int, _ doing: String) -> RBDError {
        let code = Int32(clamping: -status)
        return code == ETIMEDOUT ? .timeout : .failed(code: code, doing: doing)
    }

    // MARK: What changes the image as a whole; these block

    public func resize(to size: Int64) throws(RBDError) {
        try pool.check("cannot resize an image", library.resize(handle, UInt64(size)))
    }

    public func createSnapshot(_ name: String) throws(RBDError) {
        try pool.check("cannot make a snapshot", library.createSnapshot(handle, name))
    }

    /// Keeps a snapshot from being removed while there are clones of it.
    public func protectSnapshot(_ name: String) throws(RBDError) {
        try pool.check("cannot protect a snapshot", library.protectSnapshot(handle, name))
    }

    /// - Throws: `EINVAL` when it is not protected, `EBUSY` when there are clones.
    public func unprotectSnapshot(_ name: String) throws(RBDError) {
        try pool.check("cannot unprotect a snapshot", library.unprotectSnapshot(handle, name))
    }

    /// - Throws: `EBUSY` when it is protected.
    public func removeSnapshot(_ name: String) throws(RBDError) {
        try pool.check("cannot remove a snapshot", library.removeSnapshot(handle, name))
    }

    /// How many clients have the image open for writing, this handle aside. One that was killed counts for half a minute.
    public func watchers() throws(RBDError) -> Int {
        var count = 32
        while true {
            let room = count
            let watchers = UnsafeMutablePointer<CephLibrary.Watcher>.allocate(capacity: room)
            watchers.initialize(repeating: .init(), count: room)
            defer { watchers.deallocate() }
            let status = library.listWatchers(handle, watchers, &count)
            if status == -ERANGE, count > room { continue }
            try pool.check("cannot see who uses an image", status)
            library.freeWatchers(watchers, count)
            return count
        }
    }

    /// When it was last written to, to the minute; time as in time(2).
    public func modificationTime() throws(RBDError) -> Int {
        var time = timespec()
        try pool.check("cannot ask when an image was written", library.getModificationTime(handle, &time))
        return time.tv_sec
    }
}

/// Where a function of the library puts a handle.
private final class Place: @unchecked Sendable {
    let pointer = UnsafeMutablePointer<CephLibrary.Handle?>.allocate(capacity: 1)

    init() { pointer.initialize(to: nil) }

    deinit { pointer.deallocate() }
}

/// A buffer that librbd reads or fills. Its storage stays where it is, because nobody else changes it while this holds it.
private final class Memory: @unchecked Sendable {
    var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) { self.buffer = buffer }

    /// Of the bytes that there are.
    var bytes: UnsafePointer<CChar> {
        // Not empty, and so at an address.
        buffer.withUnsafeReadableBytes { $0.baseAddress!.assumingMemoryBound(to: CChar.self) }
    }

    /// Of the room for bytes to come.
    var start: UnsafeMutablePointer<CChar> {
        buffer.withUnsafeMutableWritableBytes { $0.baseAddress!.assumingMemoryBound(to: CChar.self) }
    }
}
