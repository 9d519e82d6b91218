import NIOCore
import OutgoingHTTP
import Testing

@Suite struct BodyPipeTests {
    private static let piece = ByteBuffer(repeating: 7, count: 100_000)

    private func read(_ pipe: BodyPipe) async throws -> Int {
        var count = 0
        for try await piece in pipe { count += piece.readableBytes }
        return count
    }

    @Test func handsOnEverythingBeforeItsEnd() async throws {
        let pipe = BodyPipe()
        #expect(!pipe.isRead)
        async let count = read(pipe)
        for _ in 0..<50 { #expect(await pipe.write(Self.piece)) }
        pipe.finish()
        #expect(try await count == 50 * Self.piece.readableBytes)
        #expect(pipe.isRead)
        #expect(await !pipe.write(Self.piece))
    }

    /// Who writes faster than somebody reads is held up, and not the data.
    @Test func holdsLittle() async throws {
        let pipe = BodyPipe()
        let writing = Task {
            var written = 0
            while await pipe.write(Self.piece) { written += 1 }
            return written
        }
        var iterator = pipe.makeAsyncIterator()
        for _ in 0..<20 { _ = try await iterator.next() }
        pipe.close()
        // What was read, and three pieces that had room.
        #expect(await writing.value <= 23)
    }

    /// A server that knows the length answers when it has the last piece, which may be before its writer goes on.
    @Test func theLastPieceIsReadWhateverComesThen() async throws {
        let pipe = BodyPipe()
        let full = ByteBuffer(repeating: 7, count: 1_000_000)
        let writing = Task { await pipe.write(full) }
        var iterator = pipe.makeAsyncIterator()
        #expect(try await iterator.next() == full)
        pipe.close()
        #expect(await writing.value)
        #expect(await !pipe.write(full))
    }

    @Test func whatIsAbortedIsNotComplete() async {
        let pipe = BodyPipe()
        #expect(await pipe.write(Self.piece))
        let reading = Task { try await read(pipe) }
        pipe.abort()
        await #expect(throws: BodyPipe.Broken.self) { try await reading.value }
        #expect(await !pipe.write(Self.piece))
    }

    @Test func aWriterLearnsThatNobodyReads() async {
        let pipe = BodyPipe()
        let writing = Task { await pipe.write(ByteBuffer(repeating: 7, count: 1 << 20)) }
        pipe.close()
        #expect(await !writing.value)
    }
}
