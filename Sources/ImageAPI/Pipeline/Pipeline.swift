public import OsloConfig

/// The stages in front of the API, resolved from the paste file of an installation.
public struct Pipeline: Sendable {
    let application: PasteApplication
    /// What the operator should know about the paste file, one line each, for the log.
    public let warnings: [String]

    /// Reads `[paste_deploy] config_file`, else `<last config file>-paste.ini` in the configuration's directories, else takes
    /// the shipped definition, and resolves `[paste_deploy] flavor`.
    ///
    /// - Throws: `ConfigurationError` naming file, section and what is wrong: a filter that is not built in, a flavor or
    ///   section that does not exist, a file that cannot be read.
    public init(configuration: Configuration) throws(ConfigurationError) {
        let flavor = configuration[Options.PasteDeploy.flavor].flatMap { $0.isEmpty ? nil : $0 }
        let ignored = configuration[Options.PasteDeploy.ignoredFilters]
        let source = try Self.source(in: configuration)
        let file = try PasteFile(parsing: String(decoding: source.bytes, as: UTF8.self), path: source.path)
        application = try PasteApplication(file, flavor: flavor, ignoredFilters: Set(ignored))
        let hasCache = configuration[Options.Default.imageCacheDir].map { !$0.isEmpty } ?? false
        warnings = Self.warnings(for: application, ignored: ignored, hasCache: hasCache)
    }

    /// Whether requests are authenticated by Keystone, that is, whether ``ImageAPIApplication`` needs an authenticator.
    public var usesKeystone: Bool {
        application.filters.contains { $0.stage == .authtoken }
    }

    /// Whether downloads go through the image cache, where there is one.
    public var usesCache: Bool { application.filters.contains { $0.stage == .cache } }

    /// Whether the older interface to the image cache is there.
    public var managesCache: Bool { application.filters.contains { $0.stage == .cacheManagement } }

    /// The name of the paste file among the attachments of a `ConfigurationSnapshot`.
    public static let attachment = "paste"

    /// The paste file that applies: that of the configuration's snapshot, if it has one, else the file on disk, else the
    /// shipped text.
    ///
    /// - Throws: `ConfigurationError` for a file that is named and not there, or can't be read.
    public static func source(in configuration: Configuration) throws(ConfigurationError) -> ConfigurationSnapshot.File
    {
        if let kept = configuration.snapshot.attachments[attachment] { return kept }
        func file(_ path: String, _ text: String) -> ConfigurationSnapshot.File {
            .init(path: path, bytes: Array(text.utf8))
        }
        if let name = configuration[Options.PasteDeploy.configFile], !name.isEmpty {
            for path in candidates(name, in: configuration.directories) {
                if let text = try read(path) { return file(path, text) }
            }
            throw ConfigurationError("[paste_deploy] config_file: there is no file '\(name)'")
        }
        if let last = configuration.files.last(where: { $0.hasSuffix(".conf") }) {
            let own = "\(last.dropLast(".conf".count))-paste.ini"
            let name = own.split(separator: "/").last.map(String.init) ?? own
            for path in [own] + candidates(name, in: configuration.directories) {
                if let text = try read(path) { return file(path, text) }
            }
        }
        return file("(built-in paste configuration)", PasteFile.shippedText)
    }

    private static func candidates(_ name: String, in directories: [String]) -> [String] {
        name.hasPrefix("/") ? [name] : directories.map { "\($0)/\(name)" }
    }

    private static func read(_ path: String) throws(ConfigurationError) -> String? {
        do throws(TextFile.FileError) {
            return try TextFile.read(path)
        } catch {
            throw ConfigurationError("paste file \(error)")
        }
    }

    private static func warnings(
        for application: PasteApplication, ignored: [String], hasCache: Bool
    ) -> [String] {
        var warnings = ignored.map { "paste filter '\($0)' is left out, as [paste_deploy] ignored_filters asks" }
        for filter in application.filters {
            switch filter.stage {
            case .cache, .cacheManagement:
                if hasCache { continue }
                warnings.append("paste filter '\(filter.name)' has no effect: image_cache_dir is not set")
            case .audit:
                warnings.append(
                    "paste filter '\(filter.name)' writes its events to the log; there are no notifications, and no map file "
                        + "is read")
            case .unauthenticatedContext:
                warnings.append(
                    "paste filter '\(filter.name)' makes every client an administrator; set [paste_deploy] flavor = keystone"
                )
            case .authtoken:
                for key in filter.options.keys.sorted() where key != "delay_auth_decision" {
                    warnings.append(
                        "paste filter '\(filter.name)': \(key) has no effect here; set it in [keystone_authtoken]")
                }
            default: break
            }
        }
        return warnings
    }
}
