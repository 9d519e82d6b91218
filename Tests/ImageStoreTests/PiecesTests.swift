import ImageStore
import NIOCore
import Synchronization
import TestSupport
import Testing

/// Transfers that are cut into pieces, as backends that are read and written by position have them.
@Suite struct PiecesTests {
    private static let small = TransferBudget.piece
    private static let large = 4 * TransferBudget.piece

    /// A backend in memory that can hold its answers back.
    private final class Disk: Sendable {
        struct State {
            var bytes: [UInt8]
            var ranges: [Range<Int64>] = []
            var running = 0
            var mostAtOnce = 0
            var isHeld = false
            var waiting: [CheckedContinuation<Void, Never>] = []
        }
        let state: Mutex<State>

        init(_ bytes: [UInt8] = [], isHeld: Bool = false) {
            state = Mutex(State(bytes: bytes, isHeld: isHeld))
        }

        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var ranges: [Range<Int64>] { state.withLock { $0.ranges } }
        var running: Int { state.withLock { $0.running } }

        func write(_ buffer: ByteBuffer, at offset: Int64) async {
            await enter(offset..<offset + Int64(buffer.readableBytes))
            state.withLock { state in
                let end = Int(offset) + buffer.readableBytes
                state.bytes += [UInt8](repeating: 0, count: max(0, end - state.bytes.count))
                state.bytes.replaceSubrange(Int(offset)..<end, with: buffer.readableBytesView)
                state.running -= 1
            }
        }

        func read(at offset: Int64, _ count: Int) async -> ByteBuffer {
            await enter(offset..<offset + Int64(count))
            return state.withLock { state in
                state.running -= 1
                return ByteBuffer(bytes: state.bytes[Int(offset)..<Int(offset) + count])
            }
        }

        private func enter(_ range: Range<Int64>) async {
            await withCheckedContinuation { continuation in
                let isHeld = state.withLock { state in
                    state.ranges.append(range)
                    state.running += 1
                    state.mostAtOnce = max(state.mostAtOnce, state.running)
                    if state.isHeld { state.waiting.append(continuation) }
                    return state.isHeld
                }
                if !isHeld { continuation.resume() }
            }
        }

        func letGo() {
            let waiting = state.withLock { state in
                defer { (state.isHeld, state.waiting) = (false, []) }
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
    }

    private static func send(
        _ bytes: [UInt8], by step: Int, _ pieces: inout OutgoingPieces, to disk: Disk
    ) async throws(StoreError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            var buffer = ByteBuffer(bytes: rest.prefix(step))
            rest = rest.dropFirst(step)
            while let piece = pieces.take(from: &buffer) {
                try await pieces.start(piece) { bytes, offset throws(StoreError) in await disk.write(bytes, at: offset)
                }
            }
        }
        if let piece = pieces.takeRest() {
            try await pieces.start(piece) { bytes, offset throws(StoreError) in await disk.write(bytes, at: offset) }
        }
        try await pieces.drain()
    }

    @Test(arguments: [1000, 70_001, 3_000_000], [0, 1, 2_621_440, 3_000_001])
    func whatIsSentArrives(step: Int, size: Int) async throws {
        let (bytes, disk) = (Noise.bytes(size, seed: 1), Disk())
        let budget = TransferBudget(total: 3 * Self.large)
        var pieces = OutgoingPieces(pieceSize: Self.large, depth: 3, budget: budget)
        try await Self.send(bytes, by: step, &pieces, to: disk)
        #expect(disk.bytes == bytes && pieces.offset == Int64(size) && budget.held == 0)
        #expect(disk.ranges.allSatisfy { $0.lowerBound % Int64(Self.large) == 0 })
    }

    @Test(arguments: [0..<0, 0..<3_000_001, 5..<6, 1_048_575..<2_900_000] as [Range<Int64>])
    func whatIsReadIsInOrder(range: Range<Int64>) async throws {
        let disk = Disk(Noise.bytes(3_000_001, seed: 2))
        let budget = TransferBudget(total: 3 * Self.large)
        var pieces = IncomingPieces(range, pieceSize: Self.large, depth: 3, budget: budget)
        var read: [UInt8] = []
        while let bytes = try await pieces.next({ offset, count, _ throws(StoreError) in
            await disk.read(at: offset, count)
        }) {
            read += bytes.readableBytesView
        }
        #expect(read == Array(disk.bytes[Int(range.lowerBound)..<Int(range.upperBound)]))
        #expect(pieces.isAtEnd && budget.held == 0)
        // But for the first, they begin where an object may begin.
        #expect(disk.ranges.dropFirst().allSatisfy { $0.lowerBound % Int64(Self.large) == 0 })
    }

    /// As many as are allowed, and what the budget has.
    @Test func severalAreOnTheirWayAtATime() async throws {
        let disk = Disk(Noise.bytes(8 * Self.large, seed: 3), isHeld: true)
        let budget = TransferBudget(total: 8 * Self.large)
        let copy = Disk(isHeld: true)
        async let written: Void = {
            var pieces = OutgoingPieces(pieceSize: Self.large, depth: 3, budget: budget)
            try await Self.send(disk.bytes, by: Self.large, &pieces, to: copy)
        }()
        while copy.running < 3 { await Task.yield() }
        copy.letGo()
        try await written
        #expect(copy.bytes == disk.bytes && copy.state.withLock { $0.mostAtOnce } == 3)

        var pieces = IncomingPieces(0..<Int64(8 * Self.large), pieceSize: Self.large, depth: 4, budget: budget)
        let start = Task { [pieces] in
            var pieces = pieces
            _ = try await pieces.next { offset, count, _ throws(StoreError) in await disk.read(at: offset, count) }
            return pieces
        }
        while disk.running < 4 { await Task.yield() }
        #expect(budget.held == 4 * Self.large)
        disk.letGo()
        pieces = try await start.value
        pieces.cancel()
        await pieces.settle()
        #expect(disk.running == 0)
    }

    /// Without room in the budget, one small piece goes after the other.
    @Test func aTransferGoesOnWithoutABudget() async throws {
        let budget = TransferBudget(total: Self.large)
        let taken = await budget.acquire(Self.large)
        let (disk, copy) = (Disk(Noise.bytes(1_500_000, seed: 4)), Disk())
        var outgoing = OutgoingPieces(pieceSize: Self.large, depth: 3, budget: budget)
        try await Self.send(disk.bytes, by: 100_000, &outgoing, to: copy)
        var incoming = IncomingPieces(0..<1_500_000, pieceSize: Self.large, depth: 3, budget: budget)
        while try await incoming.next({ offset, count, _ throws(StoreError) in
            await disk.read(at: offset, count)
        }) != nil {}
        #expect(copy.bytes == disk.bytes)
        for backend in [disk, copy] {
            #expect(backend.state.withLock { $0.mostAtOnce } == 1)
            #expect(backend.ranges.allSatisfy { $0.count <= Self.small })
        }
        taken.release()
    }

    @Test func aFailureEndsTheTransferAndGivesEverythingBack() async throws {
        let budget = TransferBudget(total: 8 * Self.large)
        var pieces = OutgoingPieces(pieceSize: Self.large, depth: 2, budget: budget)
        await #expect(throws: StoreError.full) {
            for _ in 0..<4 {
                var buffer = ByteBuffer(repeating: 7, count: Self.large)
                while let piece = pieces.take(from: &buffer) {
                    try await pieces.start(piece) { _, offset throws(StoreError) in
                        if offset == 0 { throw .full }
                    }
                }
            }
        }
        await pieces.settle()
        var reads = IncomingPieces(0..<Int64(8 * Self.large), pieceSize: Self.large, budget: budget)
        await #expect(throws: StoreError.timeout) {
            _ = try await reads.next { offset, _, _ throws(StoreError) in
                if offset == 0 { throw .timeout }
                return ByteBuffer()
            }
        }
        await reads.settle()
        (pieces, reads) = (OutgoingPieces(), IncomingPieces(0..<0))
        #expect(budget.held == 0)
    }

    /// A buffer that is a piece as it stands is not copied.
    @Test func wholePiecesAreTakenAsTheyAre() throws {
        var pieces = OutgoingPieces(pieceSize: Self.large, budget: TransferBudget(total: 8 * Self.large))
        var buffer = ByteBuffer(repeating: 1, count: Self.large)
        let address = buffer.withUnsafeReadableBytes { $0.baseAddress }
        let taken = pieces.take(from: &buffer)
        let piece = try #require(taken)
        #expect(piece.bytes.withUnsafeReadableBytes { $0.baseAddress } == address)
        let rest = pieces.takeRest()
        #expect(buffer.readableBytes == 0 && rest == nil)
    }
}
