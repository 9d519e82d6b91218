import CommandOptions
import Foundation
import Testing

@Suite struct ProcessEnvironmentTests {
    @Test func isThatOfTheProcess() {
        #expect(ProcessEnvironment.variables == ProcessInfo.processInfo.environment)
    }
}
