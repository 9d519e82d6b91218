import Foundation
import Subprocess

/// The notification listener of oslo.messaging, which reads a broker's queues as other services do.
public actor NotificationListener {
    private var iterator: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    fileprivate init(_ output: SubprocessOutputSequence) { iterator = output.strings().makeAsyncIterator() }

    fileprivate func line() async throws -> String? {
        // As in SupportServer: callers wait for each other.
        var taken = iterator
        let line = try await taken.next(isolation: #isolation)
        iterator = taken
        return line
    }

    /// The next notification: `priority`, `context`, `publisher`, `event`, `payload`, `metadata`.
    public func next() async throws -> JSON {
        guard let line = try await line() else { throw TestFailure("the listener has ended") }
        return try JSONDecoder().decode(JSON.self, from: Data(line.utf8))
    }

    /// The next ones, up to the first of this event.
    public func next(upTo event: String) async throws -> [JSON] {
        var all: [JSON] = []
        repeat { all.append(try await next()) } while all.last?["event"].string != event
        return all
    }
}

/// Runs `body` while a listener reads the queues of the topic `notifications` of the exchange `glance`.
///
/// - Parameter authorities: a file of certificates; with one it speaks TLS.
public func withNotificationListener<Result: Sendable>(
    at url: String, authorities: String? = nil, _ body: (NotificationListener) async throws -> Result
) async throws -> Result {
    let environment = try await command(Project.support("fetch"), ["glance33"]).split(separator: "\n").last ?? ""
    let outcome = try await run(
        .path(.init("\(environment)/bin/python")),
        arguments: Arguments([Project.support("python/listen.py"), url] + (authorities.map { [$0] } ?? [])),
        input: .inputWriter,
        output: .sequence,
        error: .currentStandardError
    ) { execution in
        let listener = NotificationListener(execution.standardOutput)
        let input = execution.standardInputWriter
        guard try await listener.line() == "listening" else { throw TestFailure("the listener did not start") }
        do {
            let result = try await body(listener)
            try await input.finish()
            while try await listener.line() != nil {}
            return result
        } catch {
            try? await input.finish()
            while (try? await listener.line()) != nil {}
            throw error
        }
    }
    return outcome.closureResult
}
