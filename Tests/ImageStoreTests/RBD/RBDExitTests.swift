import Foundation
import ImageStore
import NIOCore
import RBD
import RBDDriver
import TestSupport
import Testing

extension RBDTests {
    @Suite(.serialized) struct Exit {
        /// What goes on when a process ends.
        enum Moment: String, CaseIterable {
            /// The cluster hangs, and has never answered.
            case connecting
            /// The cluster hangs in the middle of an upload.
            case writing
            /// Nothing hangs.
            case busy
        }

        /// Neither what the libraries have to tell the cluster at the exit nor what their threads do is a reason not to end.
        @Test(.timeLimit(.minutes(5)), arguments: Moment.allCases)
        func aProcessEnds(_ moment: Moment) async throws {
            let pool = try await TestCeph.makePool()
            let configuration = try await TestCeph.server().setting("CEPH_CONF")
            let processes = try await TestCeph.processes()
            let list = moment == .busy ? "" : processes.map(String.init).joined(separator: " ")
            // Ends a process that would wait for ever.
            let goOn = Task {
                try await Task.sleep(for: .seconds(20))
                for process in processes { kill(process, SIGCONT) }
            }
            defer {
                goOn.cancel()
                for process in processes { kill(process, SIGCONT) }
            }
            let began = ContinuousClock.now
            await #expect(processExitsWith: .exitCode(7)) {
                [
                    configuration = configuration as String, pool = pool as String, list = list as String,
                    moment = moment.rawValue as String
                ] in
                func hang() {
                    for process in list.split(separator: " ").compactMap({ Int32($0) }) { kill(process, SIGSTOP) }
                }
                let store = RBDStore(
                    identity: StoreIdentity(id: "ceph"),
                    settings: RBDSettings(
                        cluster: CephSettings(configurationFile: configuration, user: "glance"), pool: pool))
                try await store.prepare()
                if moment == Moment.connecting.rawValue { hang() }
                for number in 0..<8 {
                    Task {
                        let writer = try await store.makeWriter(
                            imageID: "image\(number)", uploadID: "upload", expectedSize: nil)
                        while true { try await writer.write([ByteBuffer(repeating: 1, count: 5_000_000)]) }
                    }
                }
                try await Task.sleep(for: .seconds(2))
                hang()
                exit(7)
            }
            #expect(ContinuousClock.now - began < .seconds(20))
        }
    }
}
