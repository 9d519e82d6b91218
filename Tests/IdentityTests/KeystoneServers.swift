import TestSupport
import Testing

/// A Keystone and a memcached around a suite.
struct KeystoneServers: SuiteTrait, TestScoping {
    /// How long tokens live.
    let tokenSeconds: Int

    struct Running: Sendable {
        let keystone: SupportServer
        let memcached: SupportServer
    }

    @TaskLocal private static var running: Running?

    /// The servers around the running test.
    static var current: Running {
        get throws {
            guard let running else { throw TestFailure("no servers around this test") }
            return running
        }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await withServer("keystone", ["KEYSTONE_TOKEN_SECONDS": "\(tokenSeconds)"]) { keystone in
            try await withServer("memcached") { memcached in
                try await Self.$running.withValue(Running(keystone: keystone, memcached: memcached)) {
                    try await function()
                }
            }
        }
    }
}

extension Trait where Self == KeystoneServers {
    static func servers(tokenSeconds: Int = 3600) -> Self { KeystoneServers(tokenSeconds: tokenSeconds) }
}
