import Foundation
import Subprocess
import SystemPackage

/// A `glance-api` that serves a site.
public struct RunningGlance: Sendable {
    /// The process that was started: the supervisor of ours, uWSGI's master, ….
    public let process: Int32
    public let client: ImageClient
    /// Standard output and error.
    public let log: String

    /// The process and all its descendants.
    public var processes: ProcessTree { ProcessTree(root: process) }
    /// Those of ours that answer requests.
    public var workers: [Int32] { processes.descendants(titled: "glance-api: worker") }
}

/// Runs `body` while `release` serves the site; ends it with SIGTERM, and with SIGKILL after a while.
public func withGlance<Result: Sendable>(
    _ release: Release, _ site: Site, environment: [String: String] = [:],
    _ body: (RunningGlance) async throws -> Result
) async throws -> Result {
    let log = "\(site.directory)/\(release.name).log"
    let output = try FileDescriptor.open(
        FilePath(log), .writeOnly, options: [.create, .append, .closeOnExec], permissions: [.ownerReadWrite])
    defer { try? output.close() }
    var updates: [Environment.Key: String?] = [:]
    for (key, value) in environment { updates[Environment.Key(stringLiteral: key)] = value }
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(10))]
    let outcome = try await run(
        .path(FilePath(release.api)),
        arguments: ["--config-file", site.configurationFile],
        environment: .inherit.updating(updates),
        platformOptions: options,
        input: .none,
        output: .fileDescriptor(output, closeAfterSpawningProcess: false),
        error: .combinedWithOutput
    ) { execution in
        let process = execution.processIdentifier.value
        let running = RunningGlance(process: process, client: ImageClient(url: site.url), log: log)
        do {
            try await running.awaitAnswer(release)
            let result = try await body(running)
            await execution.teardown(using: options.teardownSequence)
            return result
        } catch {
            await execution.teardown(using: options.teardownSequence)
            throw TestFailure("\(error)\n\(release), \(log):\n\(running.endOfLog)")
        }
    }
    return outcome.closureResult
}

extension RunningGlance {
    /// The last lines of the log, for the message of a failure.
    public var endOfLog: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(15).joined(separator: "\n")
    }

    /// Until the service answers. Nothing announces that from outside, so this asks again and again.
    fileprivate func awaitAnswer(_ release: Release) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if processes.isEmpty { throw TestFailure("\(release) ended while it was starting") }
            if let answer = try? await client.request("GET", "/healthcheck"), answer.status == 200 { return }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw TestFailure("\(release) does not answer")
    }
}
