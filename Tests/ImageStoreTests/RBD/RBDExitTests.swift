import Foundation
import ImageStore
import NIOCore
import RBD
import RBDDriver
import TestSupport
import Testing

extension RBDTests {
    @Suite(.serialized) struct Exit {
        /// What the libraries have to tell the cluster at the exit is no reason not to end.
        @Test(.timeLimit(.minutes(2))) func aProcessEndsAlthoughTheClusterHangs() async throws {
            let pool = try await TestCeph.makePool()
            let configuration = try await TestCeph.server().setting("CEPH_CONF")
            let processes = try await TestCeph.processes()
            let list = processes.map(String.init).joined(separator: " ")
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
                [configuration = configuration as String, pool = pool as String, list = list as String] in
                let store = RBDStore(
                    identity: StoreIdentity(id: "ceph"),
                    settings: RBDSettings(
                        cluster: CephSettings(configurationFile: configuration, user: "glance"), pool: pool))
                let writer = try await store.makeWriter(imageID: "image", uploadID: "upload", expectedSize: nil)
                try await writer.write([ByteBuffer(repeating: 1, count: 5_000_000)])
                for process in list.split(separator: " ").compactMap({ Int32($0) }) { kill(process, SIGSTOP) }
                // On its way when the end comes.
                Task { try await writer.write([ByteBuffer(repeating: 2, count: 20_000_000)]) }
                exit(7)
            }
            #expect(ContinuousClock.now - began < .seconds(20))
        }
    }
}
