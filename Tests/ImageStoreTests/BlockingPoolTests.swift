import Foundation
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import FileDriver
@testable import ImageStore

/// Calls that take too long.
@Suite struct BlockingPoolTests {
    private static func pool(
        threads: Int, threshold: Int = 100, log: RecordedLog = RecordedLog()
    ) -> BlockingPool {
        BlockingPool(
            limit: .init(
                timeout: .milliseconds(50), threads: threads, warningThreshold: threshold,
                logger: Logger(label: "test") { _ in log }))
    }

    /// Returns when the pool's only thread has done everything so far.
    private func idle(_ pool: BlockingPool) async {
        let (done, report) = AsyncStream.makeStream(of: Void.self)
        pool.runLater { report.finish() }
        for await _ in done {}
    }

    @Test func endsACallThatHangs() async throws {
        let pool = Self.pool(threads: 2)
        let gate = DispatchSemaphore(value: 0)
        let (late, report) = AsyncStream.makeStream(of: Int.self)
        let hang = { @Sendable () throws(StoreError) -> Int in
            gate.wait()
            return 42
        }
        await #expect(throws: StoreError.timeout) { try await pool.run(late: { report.yield($0) }, hang) }
        // The other thread still works.
        #expect(try await pool.run { () throws(StoreError) in 1 } == 1)
        // What comes too late is handed over, so that nothing it holds is lost.
        gate.signal()
        #expect(await late.first { _ in true } == 42)
        await pool.shutdown()
        await #expect(throws: StoreError.self) { try await pool.run { () throws(StoreError) in 1 } }
    }

    /// A file that is still to be closed when the store ends, and whose end is another call.
    @Test func shutsDownWhileACallHoldsWhatEndsWithAnother() async throws {
        final class Owner: Sendable {
            let pool: BlockingPool
            let report: AsyncStream<Void>.Continuation

            init(_ pool: BlockingPool, _ report: AsyncStream<Void>.Continuation) {
                self.pool = pool
                self.report = report
            }

            deinit { pool.runLater { [report] in report.yield() } }
        }
        for _ in 0..<2000 {
            let pool = Self.pool(threads: 1)
            let (ended, report) = AsyncStream.makeStream(of: Void.self)
            for _ in 0..<3 {
                let owner = Owner(pool, report)
                pool.runLater { withExtendedLifetime(owner) {} }
            }
            await pool.shutdown()
            #expect(await ended.prefix(3).reduce(into: 0) { count, _ in count += 1 } == 3)
        }
    }

    @Test func warnsWhenThreadsAreBusy() async throws {
        let log = RecordedLog()
        let pool = Self.pool(threads: 4, threshold: 50, log: log)
        let gate = DispatchSemaphore(value: 0)
        _ = try? await pool.run { () throws(StoreError) in gate.wait() }
        #expect(log.lines == [])
        _ = try? await pool.run { () throws(StoreError) in gate.wait() }
        #expect(log.lines.count == 1)
        gate.signal()
        gate.signal()
        await pool.shutdown()
    }

    /// The disk hangs while an image is written; the client gets its answer, and when the disk is back nothing is left.
    @Test func cleansUpAfterAWriteThatHung() async throws {
        try await withTemporaryDirectory { directory in
            let pool = Self.pool(threads: 1)
            let store = FilesystemStore(
                identity: StoreIdentity(id: "here"),
                settings: FilesystemSettings(directories: [.init(path: directory)]),
                logger: Logger(label: "test") { _ in RecordedLog() })
            let file = try PartFile(
                PartName(StoreUpload(imageID: "image", uploadID: "upload")), in: directory, permissions: nil,
                holeSize: nil)
            let writer = FilesystemWriter(file, store: store, pool: pool)
            try await writer.write([ByteBuffer(string: "first")])

            let gate = DispatchSemaphore(value: 0)
            pool.runLater { gate.wait() }
            await #expect(throws: StoreError.timeout) { try await writer.write([ByteBuffer(string: "second")]) }
            await #expect(throws: StoreError.self) { try await writer.commit() }
            await writer.cancel()
            #expect(access("\(directory)/.image.upload.part", F_OK) == 0)
            gate.signal()
            await idle(pool)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            await pool.shutdown()
        }
    }

    /// As before, but the image was complete, and got its name only after the client had been told that it failed.
    @Test func takesBackACommitThatWasTooLate() async throws {
        try await withTemporaryDirectory { directory in
            let pool = Self.pool(threads: 1)
            let store = FilesystemStore(
                identity: StoreIdentity(id: "here"),
                settings: FilesystemSettings(directories: [.init(path: directory)]),
                logger: Logger(label: "test") { _ in RecordedLog() })
            let file = try PartFile(
                PartName(StoreUpload(imageID: "image", uploadID: "upload")), in: directory, permissions: nil,
                holeSize: nil)
            let writer = FilesystemWriter(file, store: store, pool: pool)
            let gate = DispatchSemaphore(value: 0)
            pool.runLater { gate.wait() }
            await #expect(throws: StoreError.timeout) { try await writer.commit() }
            await writer.cancel()
            gate.signal()
            await idle(pool)
            #expect(try FileManager.default.contentsOfDirectory(atPath: directory) == [])
            await pool.shutdown()
        }
    }
}

/// Keeps what is logged.
final class RecordedLog: LogHandler, Sendable {
    private let recorded = Mutex<[String]>([])

    var lines: [String] { recorded.withLock { $0 } }
    var metadata: Logger.Metadata {
        get { [:] }
        set {}
    }
    var logLevel: Logger.Level {
        get { .trace }
        set {}
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }

    func log(event: LogEvent) {
        recorded.withLock { $0.append("\(event.message)") }
    }
}
