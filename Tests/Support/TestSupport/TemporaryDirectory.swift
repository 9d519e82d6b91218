import Foundation

/// Runs `body` with a new directory that everybody may look into, and removes it afterwards.
public func withTemporaryDirectory<Result: Sendable>(
    _ body: (String) async throws -> Result
) async throws -> Result {
    let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
    let path = "\(parent)/glance-test-\(UUID().uuidString)"
    let files = FileManager.default
    try files.createDirectory(
        atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
    defer { try? files.removeItem(atPath: path) }
    return try await body(path)
}
