import Foundation
import Testing
import Threads

@Suite struct DetachedThreadTests {
    @Test func runsUnderItsName() async throws {
        let name = await withCheckedContinuation { continuation in
            do throws(ThreadError) {
                try DetachedThread.start("a-name") {
                    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                    continuation.resume(returning: name)
                }
            } catch {
                continuation.resume(returning: "\(error)")
            }
        }
        #expect(name == "a-name\n")
    }

    @Test func errorsAreTheSystems() {
        #expect(ThreadError(code: EAGAIN).description == "Resource temporarily unavailable")
    }
}
