import Subprocess
import Synchronization

/// A server that a starter of `Tests/Support` runs (its README explains the protocol).
public struct SupportServer: Sendable {
    /// What the starter says about it: `PGPORT`, `KEYSTONE_URL`, ….
    public let settings: [String: String]
    private let input: StandardInputWriter
    private let answers: Answers

    /// Ends the server; it keeps its data and port.
    public func stop() async throws { try await send("stop") }

    /// Starts it again; returns when it answers.
    public func start() async throws { try await send("start") }

    /// A setting that must be there.
    public func setting(_ name: String) throws -> String {
        guard let value = settings[name] else { throw TestFailure("the starter said nothing about \(name)") }
        return value
    }

    private func send(_ command: String) async throws {
        _ = try await input.write(command + "\n")
        guard try await answers.next() == "ready" else { throw TestFailure("the starter ended at \(command)") }
    }

    fileprivate init(settings: [String: String], input: StandardInputWriter, answers: Answers) {
        self.settings = settings
        self.input = input
        self.answers = answers
    }
}

/// Lines of a starter's output, asked for one after the other.
private actor Answers {
    private var iterator: SubprocessOutputSequence.StringSequence<UTF8>.AsyncIterator

    init(_ output: SubprocessOutputSequence) { iterator = output.strings().makeAsyncIterator() }

    func next() async throws -> String? {
        // An actor's own isolation: nobody else advances the iterator meanwhile, because callers wait for each other.
        var taken = iterator
        let line = try await taken.next(isolation: #isolation)
        iterator = taken
        return line
    }
}

/// The end of its input ends the starter; the end of its output says that it has cleaned up.
private func end(_ input: StandardInputWriter, _ answers: Answers) async throws {
    try await input.finish()
    while try await answers.next() != nil {}
}

/// Runs `body` with a server of `Tests/Support`, and ends the server afterwards.
public func withServer<Result: Sendable>(
    _ name: String, _ environment: [String: String] = [:], _ body: (SupportServer) async throws -> Result
) async throws -> Result {
    var updates: [Environment.Key: String?] = [:]
    for (key, value) in environment { updates[Environment.Key(stringLiteral: key)] = value }
    var options = PlatformOptions()
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
    let outcome = try await run(
        .path(.init(Project.support(name))),
        environment: .inherit.updating(updates),
        platformOptions: options,
        input: .inputWriter,
        output: .sequence,
        error: .currentStandardError
    ) { execution in
        let answers = Answers(execution.standardOutput)
        var settings: [String: String] = [:]
        while let line = try await answers.next(), line != "ready" {
            let parts = line.split(separator: "=", maxSplits: 1)
            if parts.count == 2 { settings[String(parts[0])] = String(parts[1]) }
        }
        guard !settings.isEmpty else { throw TestFailure("\(name) did not start") }
        let input = execution.standardInputWriter
        let server = SupportServer(settings: settings, input: input, answers: answers)
        do {
            let result = try await body(server)
            try await end(input, answers)
            return result
        } catch {
            try? await end(input, answers)
            throw error
        }
    }
    return outcome.closureResult
}
