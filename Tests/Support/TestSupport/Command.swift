import Subprocess

/// Runs a program to its end.
///
/// - Throws: ``TestFailure`` with the end of its output when it does not exit with 0.
/// - Returns: Its standard output.
@discardableResult
public func command(
    _ program: String, _ arguments: [String], environment: [String: String] = [:], outputLimit: Int = 4 << 20
) async throws -> String {
    var updates: [Environment.Key: String?] = [:]
    for (key, value) in environment { updates[Environment.Key(stringLiteral: key)] = value }
    let outcome = try await run(
        program.contains("/") ? .path(.init(program)) : .name(program),
        arguments: Arguments(arguments),
        environment: .inherit.updating(updates),
        output: .string(limit: outputLimit),
        error: .string(limit: outputLimit))
    guard outcome.terminationStatus.isSuccess else {
        throw TestFailure(
            """
            \(program) \(arguments.joined(separator: " ")): \(outcome.terminationStatus)
            \(outcome.standardOutput.suffix(2000))
            \(outcome.standardError.suffix(4000))
            """)
    }
    return outcome.standardOutput
}
