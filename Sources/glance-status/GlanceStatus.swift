import ArgumentParser
import CommandOptions

/// `glance-status`: tells operators whether the service, as it is configured, can be started or upgraded.
struct GlanceStatus: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Says whether a start or an upgrade can go ahead.",
        version: Version.current, subcommands: [Upgrade.self])
    static let program = "glance-status"

    @OptionGroup var common: CommonOptions
}

/// `glance-status upgrade`.
struct Upgrade: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Before and after upgrades.", subcommands: [Check.self])
}

/// `glance-status upgrade check`.
struct Check: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        abstract: "Checks the configuration of glance-api and what it names: database, Keystone, memcached, stores.",
        discussion: """
            Prints a line for each result. Exit status: 0 everything is fine, 1 there are warnings, 2 something failed, \
            255 the check itself did.
            """)

    @ParentCommand var upgrade: Upgrade
    @ParentCommand var root: GlanceStatus

    @Flag(help: "Prints one JSON object instead.")
    var json = false
}
