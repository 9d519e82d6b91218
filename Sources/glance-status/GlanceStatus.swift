import ArgumentParser
import CommandOptions

/// `glance-status`.
@main
struct GlanceStatus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "glance-status", abstract: "Says whether an upgrade can go ahead.", version: Version.current)

    @OptionGroup var common: CommonOptions
}
