import Foundation
import Synchronization
import TestSupport
import Testing

@testable import ImageDatabase
@testable import ImageModel
@testable import ImageStore
@testable import Scrubber

/// The executable `glance-scrubber`.
@Suite struct CommandTests {
    private struct Outcome {
        var status: Int32
        var errors: String
    }

    /// Starts the executable; what it writes goes to a file.
    private static func start(_ arguments: [String], in directory: String) throws -> (Process, output: String) {
        let output = "\(directory)/output-\(UUID().uuidString)"
        try Data().write(to: URL(filePath: output))
        let process = Process()
        process.executableURL = URL(filePath: Project.scrubber)
        process.arguments = arguments
        process.standardError = try FileHandle(forWritingTo: URL(filePath: output))
        process.standardOutput = process.standardError
        try process.run()
        return (process, output)
    }

    private static func run(_ arguments: [String], in directory: String) async throws -> Outcome {
        let (process, output) = try start(arguments, in: directory)
        await end(of: process)
        return Outcome(status: process.terminationStatus, errors: try String(contentsOfFile: output, encoding: .utf8))
    }

    private static func end(of process: Process) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                process.waitUntilExit()
                continuation.resume()
            }
        }
    }

    @Test func restoreAndDaemonExcludeEachOther() async throws {
        try await withTemporaryDirectory { directory in
            let outcome = try await Self.run(["--daemon", "--restore", "fake_image_id"], in: directory)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("The restore and daemon options should not be set together"))
        }
    }

    @Test func oneRunAndARestore() async throws {
        try await Fixture.with(.postgreSQL) { fixture in
            let arguments = ["--config-file", fixture.configurationFile]
            let (kept, gone) = (try await fixture.addImage(), try await fixture.addImage())
            for id in [kept, gone] { try await fixture.markPending(id) }
            let restored = try await Self.run(arguments + ["--restore", kept], in: fixture.directory)
            #expect(restored.status == 0, "\(restored.errors)")
            #expect(try await fixture.status(kept) == .active)
            let run = try await Self.run(arguments, in: fixture.directory)
            #expect(run.status == 0, "\(run.errors)")
            #expect(try await fixture.status(gone) == .deleted)
            #expect(fixture.hasFile(kept) && !fixture.hasFile(gone))
            for (id, message) in [
                (kept, "cannot restore the image from active to active (wanted from_state=pending_delete)"),
                ("nothing", "No image found with ID nothing"),
            ] {
                let refused = try await Self.run(arguments + ["--restore", id], in: fixture.directory)
                #expect(refused.status == 1 && refused.errors.contains("ERROR: \(message)"))
            }
        }
    }

    @Test func aQueueThatCannotBeReadEndsOneRun() async throws {
        try await withTemporaryDirectory { directory in
            for (connection, message) in [
                ("sqlite:///\(directory)/empty.sqlite", "run: glance-manage db_sync"),
                ("postgresql://u:s3cret@127.0.0.1:1/x?connect_timeout=1", "The database cannot be reached"),
            ] {
                let file = "\(directory)/glance-scrubber.conf"
                try """
                [DEFAULT]
                [database]
                connection = \(connection)
                max_retries = 0
                [glance_store]
                filesystem_store_datadir = \(directory)/images
                """.write(toFile: file, atomically: true, encoding: .utf8)
                let outcome = try await Self.run(["--config-dir", directory], in: directory)
                #expect(outcome.status == 1)
                #expect(outcome.errors.contains(message), "\(outcome.errors)")
                #expect(!outcome.errors.contains("s3cret"))
            }
        }
    }

    @Test(.timeLimit(.minutes(3))) func aKilledScrubberLeavesNothingThatTheNextOneDoesNotFinish()
        async throws
    {
        try await Fixture.with(.postgreSQL, "scrub_pool_size = 4\nwakeup_time = 1") { fixture in
            var ids: [String] = []
            for _ in 0..<400 {
                ids.append(try await fixture.addImage())
                _ = try await fixture.database.images.delete(ids[ids.count - 1], to: .pendingDelete, from: [.active])
            }
            let live = try await fixture.addImage()
            let arguments = ["--config-file", fixture.configurationFile]
            // Each is killed a little further on; the fourth may go on to the end, the fifth ends on request.
            for limit in [390, 300, 150] {
                let (process, output) = try Self.start(arguments + ["--daemon"], in: fixture.directory)
                while try fixture.stored().count > limit {
                    guard process.isRunning else {
                        Issue.record("it ended: \(try String(contentsOfFile: output, encoding: .utf8))")
                        return
                    }
                    try await Task.sleep(for: .milliseconds(2))
                }
                kill(process.processIdentifier, SIGKILL)
                await Self.end(of: process)
                #expect(try fixture.stored().count > 1, "it was too fast for this test")
            }
            let (process, output) = try Self.start(arguments + ["-D"], in: fixture.directory)
            let pending = Statement("SELECT id FROM images WHERE status = 'pending_delete'")
            while try await fixture.database.session.read(pending)[0].count > 0 {
                guard process.isRunning else {
                    Issue.record("it ended: \(try String(contentsOfFile: output, encoding: .utf8))")
                    return
                }
                try await Task.sleep(for: .milliseconds(50))
            }
            process.terminate()
            await Self.end(of: process)
            #expect(process.terminationReason == .exit && process.terminationStatus == 0)
            for id in ids { #expect(try await fixture.locationStates(id) == ["deleted"]) }
            #expect(try await fixture.database.scrubs.all().isEmpty)
            #expect(try fixture.stored() == [live] && fixture.hasFile(live))
        }
    }
}
