import ArgumentParser
import CommandOptions
import ImageDatabase

/// `glance-manage`: looks after the database of Glance.
struct GlanceManage: ParsableCommand, Sendable {
    static let configuration = CommandConfiguration(
        commandName: program, abstract: "Looks after the database of Glance.",
        discussion: "The options may stand before or behind the action. --version prints the version.",
        subcommands: [DatabaseActions.self])
    static let program = "glance-manage"

    @OptionGroup var common: CommonOptions

    @ArgumentParser.Option(name: .customLong("shell_completion"), help: "Prints completions for bash or zsh.")
    var completion: Shell?

    enum Shell: String, ExpressibleByArgument {
        case bash, zsh

        var script: String { completionScript(for: self == .bash ? .bash : .zsh) }
    }
}

/// `glance-manage db`; also spelled `glance-manage db_<action>`.
struct DatabaseActions: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "db", abstract: "Schema and rows of the database.",
        subcommands: [
            Check.self, Contract.self, Expand.self, Migrate.self, PurgeRows.self, PurgeImages.self, Sync.self,
            Upgrade.self, PrintVersion.self, VersionControl.self, LoadMetadefs.self, UnloadMetadefs.self,
            ExportMetadefs.self,
        ])
}

/// A subcommand that works on the database.
protocol DatabaseAction: ParsableCommand {
    /// The options of all actions.
    var root: GlanceManage { get }

    /// Does it; throws ``ManageFailure`` for whatever the operator has to know.
    func run(_ manager: Manager) async throws(ManageFailure)
}

/// A revision as `--version V` or, as in the old spelling, as plain argument.
struct RevisionArgument: ParsableArguments {
    @ArgumentParser.Option(name: .customLong("version"), help: "Revision.")
    var option: String?

    @Argument(help: "Revision.")
    var argument: String?

    var revision: String? { option ?? argument }
}

struct Check: DatabaseAction {
    static let configuration = CommandConfiguration(
        abstract: "Says what a migration has still to do.",
        discussion: "Exit status: 0 nothing, 3 expand, 4 migrate, 5 contract.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.check() }
}

struct PrintVersion: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the revisions of the database.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.printVersion() }
}

struct Sync: DatabaseAction {
    static let configuration = CommandConfiguration(
        abstract: "Creates the database, or brings it to this release; the service has to be stopped.")

    @ParentCommand var root: GlanceManage

    @OptionGroup var version: RevisionArgument

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.sync() }
}

struct Upgrade: DatabaseAction {
    static let configuration = CommandConfiguration(abstract: "Applies all revisions up to one, by default the newest.")

    @ParentCommand var root: GlanceManage

    @OptionGroup var version: RevisionArgument

    func run(_ manager: Manager) async throws(ManageFailure) {
        try await manager.upgrade(to: version.revision ?? "heads")
    }
}

struct VersionControl: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "version_control", abstract: "Writes a revision into the database without changing anything else.")

    @ParentCommand var root: GlanceManage

    @OptionGroup var version: RevisionArgument

    func run(_ manager: Manager) async throws(ManageFailure) {
        try await manager.stamp(version.revision ?? "liberty")
    }
}

struct Expand: DatabaseAction {
    static let configuration = CommandConfiguration(
        abstract: "First phase of a rolling upgrade: adds what is new, while the old release still runs.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.expand() }
}

struct Migrate: DatabaseAction {
    static let configuration = CommandConfiguration(
        abstract: "Second phase of a rolling upgrade: moves data into its new form.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.migrate() }
}

struct Contract: DatabaseAction {
    static let configuration = CommandConfiguration(
        abstract: "Last phase of a rolling upgrade: removes what only the old release needed.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.contract() }
}

struct PurgeRows: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "purge",
        abstract: "Removes rows that were deleted long ago, except images, whose ids stay reserved.")

    @ParentCommand var root: GlanceManage

    @ArgumentParser.Option(
        name: .customLong("age_in_days"), parsing: .unconditional, help: "Days since the deletion.")
    var age = 30

    @ArgumentParser.Option(
        name: .customLong("max_rows"), parsing: .unconditional, help: "Rows at most of each table; -1 is all.")
    var rows = 100

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.purge(age: age, maxRows: rows) }
}

struct PurgeImages: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "purge_images_table",
        abstract: "Removes images that were deleted long ago; their ids become free again.")

    @ParentCommand var root: GlanceManage

    @ArgumentParser.Option(
        name: .customLong("age_in_days"), parsing: .unconditional, help: "Days since the deletion.")
    var age = 180

    @ArgumentParser.Option(name: .customLong("max_rows"), parsing: .unconditional, help: "Rows at most; -1 is all.")
    var rows = 100

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.purgeImages(age: age, maxRows: rows) }
}

struct LoadMetadefs: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "load_metadefs", abstract: "Loads metadata definitions from JSON files.")

    @ParentCommand var root: GlanceManage

    @ArgumentParser.Option(help: "File, or directory of files (*.json).")
    var path = "/etc/glance/metadefs"

    @Flag(help: "Adds to namespaces that are there already what they have not.")
    var merge = false

    @Flag(name: .customLong("prefer_new"), help: "With --merge: what they have is changed, too.")
    var prefersNew = false

    @Flag(help: "Replaces namespaces that are there already.")
    var overwrite = false

    /// The old spelling: path, merge, prefer_new, overwrite.
    @Argument(help: .hidden)
    var old: [String] = []

    func run(_ manager: Manager) async throws(ManageFailure) {
        func isSet(_ index: Int) -> Bool { old.count > index && ["true", "1"].contains(old[index].lowercased()) }
        let existing: MetadefsFacet.Existing =
            if overwrite || isSet(3) {
                .isReplaced
            } else if merge || isSet(1) {
                prefersNew || isSet(2) ? .isUpdated : .isCompleted
            } else {
                .stays
            }
        try await manager.loadMetadefs(from: old.first ?? path, existing: existing)
    }
}

struct UnloadMetadefs: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "unload_metadefs", abstract: "Removes all metadata definitions.")

    @ParentCommand var root: GlanceManage

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.unloadMetadefs() }
}

struct ExportMetadefs: DatabaseAction {
    static let configuration = CommandConfiguration(
        commandName: "export_metadefs", abstract: "Writes metadata definitions into JSON files, one for each namespace."
    )

    @ParentCommand var root: GlanceManage

    @ArgumentParser.Option(help: "Directory.")
    var path = "/etc/glance/metadefs"

    @Argument(help: .hidden)
    var old: String?

    func run(_ manager: Manager) async throws(ManageFailure) { try await manager.exportMetadefs(to: old ?? path) }
}
