import ArgumentParser
import CommandOptions

/// `glance-scrubber`.
@main
struct GlanceScrubber: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glance-scrubber", abstract: "Removes the data of deleted images.", version: Version.current)

    @OptionGroup var common: CommonOptions
}
