import ArgumentParser
import CacheKeeper
import CommandOptions
import Logging
import OsloConfig
import OsloLog

/// `glance-cache-prefetcher`
struct Prefetcher: UpkeepCommand {
    static let program = "glance-cache-prefetcher"
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Fetches the queued images into the image cache.", version: Version.current)

    @OptionGroup var common: CommonOptions

    func execute() async throws -> Int32 {
        let keeper = try await keeper(for: .fetching)
        let counts = try await keeper.prefetch()
        await keeper.close()
        guard counts.failed > 0 else { return 0 }
        complain("ERROR: \(counts.failed) of the queued images could not be fetched; they stay in the queue")
        return 1
    }
}

/// `glance-cache-pruner`
struct Pruner: UpkeepCommand {
    static let program = "glance-cache-pruner"
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Reduces the image cache to its size.", version: Version.current)

    @OptionGroup var common: CommonOptions

    func execute() async throws -> Int32 {
        let keeper = try await keeper(for: .pruning)
        _ = try await keeper.prune()
        await keeper.close()
        return 0
    }
}

/// `glance-cache-cleaner`
struct Cleaner: UpkeepCommand {
    static let program = "glance-cache-cleaner"
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Removes incomplete and invalid files from the image cache.",
        version: Version.current)

    @OptionGroup var common: CommonOptions

    func execute() async throws -> Int32 {
        let keeper = try await keeper(for: .cleaning)
        try await keeper.clean()
        await keeper.close()
        return 0
    }
}

/// One round of what the cache's process does by itself.
protocol UpkeepCommand: CacheCommand {
    var common: CommonOptions { get }
}

extension UpkeepCommand {
    fileprivate func keeper(for duty: CacheKeeper.Duty) async throws -> CacheKeeper {
        let configuration = try Configuration.load(
            common.sources(
                program: Self.program, arguments: Array(CommandLine.arguments.dropFirst()),
                environment: ProcessEnvironment.variables))
        try OsloLog.bootstrap(configuration: configuration, program: Self.program)
        let logger = Logger(label: "glance.image_cache")
        for warning in configuration.warnings { logger.warning("\(warning)") }
        return try await CacheKeeper(configuration: configuration, duty: duty, logger: logger)
    }
}
