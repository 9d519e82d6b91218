import FileDriver
import Glibc
import ImageDatabase
import ImageModel
import ImageStore
import OsloConfig
import Scoreboard
import StoreDrivers

/// Whether there are images in directories that no configured store reads: a data directory that was changed one day.
/// Python Glance opens whatever path a location names; here a store opens nothing outside of its own directories.
struct LocationsCheck: Check {
    let name = CheckName.locations
    let configuration: Configuration

    /// Locations to read at most; a directory that matters is among them.
    private static let limit = 10_000

    func run() async -> [Finding] {
        // What is wrong with database and stores, other checks tell.
        guard let url = configuration[Options.Database.connection], !url.isEmpty,
            ImageDatabase.file(ofURL: url).map({ access($0, F_OK) == 0 }) ?? true,
            let directories = try? directories()
        else { return [.success("not looked at")] }
        var options = DatabaseOptions(configuration)
        options.maxRetries = 0
        options.maxPoolSize = 1
        do {
            let database = try ImageDatabase(url: url, options: options, logger: .silent)
            let locations = try? await database.locations.outside(
                directories.flatMap { ["file://\($0)/", "filesystem://\($0)/"] },
                schemes: Array(StoreDriver.file.schemes), limit: Self.limit)
            await database.close()
            guard let locations else { return [.success("not looked at")] }
            return findings(locations, outside: directories)
        } catch {
            return [.success("not looked at")]
        }
    }

    /// Everything that a file store of the configuration reads.
    private func directories() throws(StoreError) -> [String] {
        let backends = configuration[Options.Default.enabledBackends]
        let stores = backends.isEmpty ? ["file"] : backends.filter { $0.value == "file" }.map(\.key)
        var directories: [String] = []
        for store in stores {
            let settings = try FilesystemSettings(configuration: configuration, store: store)
            directories += settings.directories.map(\.path) + settings.furtherDirectories
        }
        return directories
    }

    private func findings(_ locations: [ImageLocation], outside directories: [String]) -> [Finding] {
        let real = Set(directories.compactMap(Self.realPath))
        var counts: [String: Int] = [:]
        for location in locations {
            guard let start = location.url.firstRange(of: "://")?.upperBound else { continue }
            let path = location.url[start...]
            let directory = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
            // A link that was left at the old place leads to where a store looks.
            if let place = Self.realPath(directory), real.contains(place) { continue }
            counts[directory, default: 0] += 1
        }
        if counts.isEmpty { return [.success("every file that an image names is where a store looks for it")] }
        let more = locations.count == Self.limit ? "at least " : ""
        return counts.sorted { $0.key < $1.key }.map { directory, count in
            .warning(
                "\(more)\(count) locations are in \(directory), where no store looks; name it in "
                    + "filesystem_store_read_only_datadirs of the store that had it")
        }
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
