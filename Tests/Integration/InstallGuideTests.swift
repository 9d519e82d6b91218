import TestSupport
import Testing

extension IntegrationTests {
    /// What docs/install.md tells operators to type works as it stands.
    @Suite struct InstallGuideTests {
        @Test(.timeLimit(.minutes(10)))
        func everyCommandWorks() async throws {
            let output = try await command(
                Project.root + "/Tests/Integration/install-guide", [],
                environment: [
                    "GLANCE_API": Release.ours.api, "GLANCE_MANAGE": Release.ours.manage,
                    "GLANCE_MOUNT": Project.mountHelper,
                ])
            #expect(output.contains("the install guide holds"))
        }
    }
}
