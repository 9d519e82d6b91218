import Logging
import OsloConfig
import Scoreboard
import TestSupport
import Testing

@testable import UnifiedLimits

/// What an operator is told before a start, by a real Keystone.
@Suite struct LimitsCheckTests {
    @Test(.timeLimit(.minutes(5))) func namesWhatIsMissingAndTheCommandThatCreatesIt() async throws {
        try await withServer("keystone", ["GLANCE_URL": "http://127.0.0.1:9292"]) { server in
            let administrator = try await KeystoneAdministrator(server)
            let configuration = try Configuration(text: administrator.osloLimit())
            func run() async throws -> [String] {
                try await LimitsCheck(
                    configuration: configuration,
                    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                ).run()
            }
            try await administrator.register(["image_size_total": 10, "image_count_total": 5])
            let missing = try await run()
            #expect(missing.count == 2)
            #expect(
                missing.first?.hasSuffix(
                    "openstack registered limit create --service \(administrator.serviceID) --region RegionOne "
                        + "--default-limit LIMIT image_stage_total") == true)
            try await administrator.register(["image_stage_total": 10, "image_count_uploading": 5])
            #expect(try await run().isEmpty)
            try await server.stop()
            await #expect(throws: StartFailure.self) { try await run() }
        }
    }
}
