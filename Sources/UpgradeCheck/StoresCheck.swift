import FileDriver
import ImageStore
import OsloConfig
import Scoreboard
import StoreDrivers

/// Whether every store can be used: its settings, and for files the directories, their permissions and their room.
struct StoresCheck: Check {
    let name = CheckName.stores
    let failureStatus = ExitStatus.storeUnavailable
    let configuration: Configuration
    let user: ServiceUser

    func run() async -> [Finding] {
        do {
            let registry = try StoreRegistry(
                configuration: configuration, drivers: StoreDriver.all, logger: .silent)
            var findings: [Finding] = []
            for store in registry.stores { findings += await self.findings(about: store) }
            for id in ["os_glance_staging_store", "os_glance_tasks_store"] {
                if configuration.isSet(Options.FileStore.filesystemStoreDatadir, store: id) {
                    findings += directories(of: id)
                }
            }
            await registry.shutdown()
            return findings
        } catch {
            return [.failure(error.adviceAtStart, .badStoreConfiguration)]
        }
    }

    private func findings(about store: any Store) async -> [Finding] {
        // The service's user may be another one than ours.
        if store.type == "file" { return directories(of: store.id) }
        do throws(StoreError) {
            try await store.check()
            return [.success("store \(store.id): ready")]
        } catch .badConfiguration(let text) {
            return [.failure(text, .badStoreConfiguration)]
        } catch {
            return [.failure(error.adviceAtStart)]
        }
    }

    private func directories(of id: String) -> [Finding] {
        do throws(StoreError) {
            return try FilesystemSettings(configuration: configuration, store: id).directories.map { directory in
                var finding = DirectoryState(path: directory.path).finding(for: user)
                finding.details = "store \(id): \(finding.details)"
                return finding
            }
        } catch {
            return [.failure(error.adviceAtStart, .badStoreConfiguration)]
        }
    }
}
