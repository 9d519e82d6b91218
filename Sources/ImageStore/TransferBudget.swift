import NIOCore
import Synchronization

/// Bytes that the transfers of one process hold beside what the upload pipeline has: parts of an object on their way to a
/// backend, above all. However many transfers there are, and however large their parts, together they stay within one total.
///
/// Grants are given in the order in which they were asked for, so no transfer overtakes another. Nothing deadlocks: a transfer
/// may always hold ``piece`` bytes without asking, and one that has waited for ``patience`` while others hold on to theirs, as
/// those of slow clients do, gets its grant beyond the total.
///
/// Large buffers are used again, as long as there are transfers and room in the total: fresh memory comes from the kernel page by
/// page, which takes longer than to copy into it. When nothing has been held for ``idleTime``, they are let go of.
public final class TransferBudget: Sendable {
    /// The one of this process.
    public static let shared = TransferBudget()
    /// What a transfer may hold without asking.
    public static let piece = 256 << 10
    /// Bytes of the buffers that are used again.
    public static let largePiece = 2 << 20

    private struct Waiter {
        let number: Int
        let bytes: Int
        let continuation: CheckedContinuation<Void, Never>
    }

    private struct State {
        var held = 0
        var lastNumber = 0
        var waiters: [Waiter] = []
        /// Buffers that nobody uses, in the order in which they became free.
        var spare: [ByteBuffer] = []
        /// Whether somebody will look whether they are still wanted.
        var isWatched = false

        mutating func hold(_ bytes: Int, of total: Int) -> Bool {
            guard held + bytes <= total else { return false }
            held += bytes
            trim(to: total)
            return true
        }

        mutating func trim(to total: Int) {
            while !spare.isEmpty, held + spare.count * largePiece > total { spare.removeLast() }
        }
    }

    public let total: Int
    private let patience: Duration
    private let idleTime: Duration
    private let state = Mutex(State())

    /// - Parameters:
    ///   - total: bytes that are granted at a time.
    ///   - patience: after which a grant no longer waits for the total.
    ///   - idleTime: after which buffers are let go of that nobody has asked for.
    public init(total: Int = 40 << 20, patience: Duration = .seconds(60), idleTime: Duration = .seconds(1)) {
        self.total = total
        self.patience = patience
        self.idleTime = idleTime
    }

    /// Bytes granted now.
    public var held: Int { state.withLock { $0.held } }
    /// Bytes of the buffers that wait to be used again.
    var spareBytes: Int { state.withLock { $0.spare.count * Self.largePiece } }
    /// How many wait for a grant.
    public var waiting: Int { state.withLock { $0.waiters.count } }

    /// Waits until so many bytes may be held; more than the total count as the total. Cancellation of the task does not end
    /// the wait, which ends in any case.
    public func acquire(_ bytes: Int) async -> TransferGrant {
        let bytes = min(bytes, total)
        let grant = TransferGrant(bytes: bytes, budget: self)
        let number: Int? = state.withLock { state in
            if state.waiters.isEmpty, state.hold(bytes, of: total) { return nil }
            state.lastNumber += 1
            return state.lastNumber
        }
        guard let number else { return grant }
        var timer: Task<Void, any Error>?
        await withCheckedContinuation { continuation in
            let isGranted = state.withLock { state in
                // What was given back meanwhile may be enough.
                if state.waiters.isEmpty, state.hold(bytes, of: total) { return true }
                state.waiters.append(Waiter(number: number, bytes: bytes, continuation: continuation))
                return false
            }
            if isGranted { return continuation.resume() }
            timer = Task { [self, patience] in
                try await Task.sleep(for: patience)
                overdraw(number)
            }
        }
        timer?.cancel()
        return grant
    }

    /// A grant if it can be given at once, and nobody waits for one.
    public func acquireAtOnce(_ bytes: Int) -> TransferGrant? {
        let isGranted = state.withLock { $0.waiters.isEmpty && $0.hold(bytes, of: total) }
        return isGranted ? TransferGrant(bytes: bytes, budget: self) : nil
    }

    private func overdraw(_ number: Int) {
        let waiter: Waiter? = state.withLock { state in
            guard let index = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            let waiter = state.waiters.remove(at: index)
            state.held += waiter.bytes
            state.trim(to: total)
            return waiter
        }
        waiter?.continuation.resume()
    }

    func giveBack(_ bytes: Int) {
        let granted: [Waiter] = state.withLock { state in
            state.held -= bytes
            var count = 0
            for waiter in state.waiters {
                guard state.hold(waiter.bytes, of: total) else { break }
                count += 1
            }
            state.trim(to: total)
            defer { state.waiters.removeFirst(count) }
            return Array(state.waiters.prefix(count))
        }
        for waiter in granted { waiter.continuation.resume() }
    }

    // MARK: Buffers

    /// An empty buffer with room for so many bytes, which the caller has been granted.
    func buffer(capacity: Int) -> ByteBuffer {
        if capacity > Self.piece, capacity <= Self.largePiece, var buffer = spare() {
            buffer.clear(minimumCapacity: capacity)
            return buffer
        }
        return ByteBufferAllocator().buffer(capacity: capacity)
    }

    /// The one that has been free for longest: its last user is gone for sure.
    private func spare() -> ByteBuffer? {
        state.withLock { $0.spare.isEmpty ? nil : $0.spare.removeFirst() }
    }

    /// Takes back a buffer of ``buffer(capacity:)``, of whose content nobody has need any more. Who still holds it keeps it.
    func recycle(_ buffer: ByteBuffer) {
        guard buffer.storageCapacity == Self.largePiece else { return }
        let isToBeWatched = state.withLock { state in
            state.spare.append(buffer)
            state.trim(to: total)
            defer { state.isWatched = true }
            return !state.isWatched
        }
        if isToBeWatched { Task { await watch() } }
    }

    /// Lets go of the spare buffers when no transfer has held anything for a while.
    private func watch() async {
        var wasIdle = false
        while true {
            // Never cancelled.
            try? await Task.sleep(for: idleTime)
            let isOver = state.withLock { state in
                guard state.held == 0, wasIdle else {
                    wasIdle = state.held == 0
                    return false
                }
                (state.spare, state.isWatched) = ([], false)
                return true
            }
            if isOver { return }
        }
    }
}
