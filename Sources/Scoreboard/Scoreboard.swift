import CLinux
import Glibc
import Synchronization

/// Memory that the supervisor and its children share: one slot for each child, which only that child writes.
///
/// A child that crashes can leave no lock behind and nothing half written that matters: every field but the last words of
/// a child that fails is one atomic word.
public final class Scoreboard: Sendable {
    /// Most children at a time, of all generations.
    public static let capacity = 1024
    /// Bytes of the longest ``ScoreboardSlot/failure``.
    public static let failureLength = SlotMemory.stride - SlotMemory.words
    /// Bytes: the slots, and room for the bell.
    private static let size = (capacity + 1) * SlotMemory.stride
    /// What another version of the program must have the same of in order to read this one's scoreboard.
    public static let layout =
        "\(capacity)x\(SlotMemory.stride)+bell:" + ScoreboardSlot.Field.allCases.map { "\($0)" }.joined(separator: ",")

    /// The memfd; children inherit it.
    public let descriptor: Int32
    private let memory: SlotMemory

    /// Makes an empty one.
    ///
    /// - Throws: ``ScoreboardError`` with the errno.
    public convenience init() throws(ScoreboardError) {
        let descriptor = clinux_memfd_create("glance-scoreboard")
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.size)) == 0 else {
            throw ScoreboardError(errno: errno)
        }
        try self.init(descriptor: descriptor)
    }

    /// Maps the one that was inherited; the object owns the descriptor.
    ///
    /// - Throws: ``ScoreboardError`` when it is no scoreboard.
    public init(descriptor: Int32) throws(ScoreboardError) {
        let size = Self.size
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw ScoreboardError(errno: errno) }
        guard status.st_size == size else { throw ScoreboardError(errno: EINVAL) }
        let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
        guard let address, address != MAP_FAILED else { throw ScoreboardError(errno: errno) }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
        memory = SlotMemory(start: address)
    }

    deinit {
        munmap(memory.start, Self.size)
        close(descriptor)
    }

    /// The slot of a number below ``capacity``.
    public subscript(number: Int) -> ScoreboardSlot {
        precondition((0..<Self.capacity).contains(number), "no such slot")
        return ScoreboardSlot(number: number, scoreboard: self)
    }

    func word(_ field: ScoreboardSlot.Field, of slot: Int) -> UnsafeMutablePointer<Atomic<Int64>> {
        (memory.start + slot * SlotMemory.stride + field.rawValue * 8).assumingMemoryBound(to: Atomic<Int64>.self)
    }

    // MARK: The bell

    /// A word behind the slots that counts how often somebody has rung.
    private var bell: UnsafeMutablePointer<Atomic<UInt32>> {
        (memory.start + Self.capacity * SlotMemory.stride).assumingMemoryBound(to: Atomic<UInt32>.self)
    }

    /// How often ``ring()`` was called so far; it wraps around.
    public var rings: UInt32 { bell.pointee.load(ordering: .acquiring) }

    /// Wakes whoever waits, in any process: there is something to do for the importer.
    public func ring() {
        bell.pointee.wrappingAdd(1, ordering: .releasing)
        clinux_futex_wake(bell)
    }

    /// Blocks the thread until the bell has rung since it had rung `seen` times, or the time is over.
    public func waitForBell(after seen: UInt32, milliseconds: Int32) {
        clinux_futex_wait(bell, seen, milliseconds)
    }

    func failure(of slot: Int) -> UnsafeMutableBufferPointer<UInt8> {
        let start = memory.start + slot * SlotMemory.stride + SlotMemory.words
        return UnsafeMutableBufferPointer(start: start.assumingMemoryBound(to: UInt8.self), count: Self.failureLength)
    }
}

/// Where the slots are. The mapping lives as long as its scoreboard, and is only accessed through atomics.
private struct SlotMemory: @unchecked Sendable {
    /// Two cache lines of words, so that children don't disturb each other.
    static let words = 128
    /// The words and some text.
    static let stride = 1024

    let start: UnsafeMutableRawPointer
}

/// The scoreboard could not be made or mapped.
public struct ScoreboardError: Error, CustomStringConvertible {
    public let errno: Int32

    public var description: String { "the scoreboard can't be mapped: \(String(cString: strerror(errno)))" }
}
