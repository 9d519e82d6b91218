import Foundation
import ImageStore
import NFSMount
import TestSupport
import Testing

@testable import CinderDriver

@Suite struct NFSExportsTests {
    /// What `glance-api --check-config` and the start say. Needs root, to whom the list has to belong.
    @Test func aListOfExportsWantsTheHelper() async throws {
        try await withTemporaryDirectory { directory in
            let list = "\(directory)/nfs-exports.conf"
            var settings = CinderSettings(account: nil)
            settings.exportList = list
            settings.mountHelper = MountClient(socket: "\(directory)/nobody")
            try NFSExports.check(settings)
            try "# nothing yet\n".write(toFile: list, atomically: true, encoding: .utf8)
            try NFSExports.check(settings)
            for text in ["nas:/srv/cinder\n", "nonsense\n"] {
                try text.write(toFile: list, atomically: true, encoding: .utf8)
                let error = #expect(throws: StoreError.self) { try NFSExports.check(settings) }
                #expect(error?.isOutage == true)
                #expect(
                    error?.text?.hasPrefix("\(list) lists NFS exports, but the mount helper does not listen") == true)
            }
        }
    }
}
