public import OsloConfig

/// The steps that `[image_import_opts] image_import_plugins` can name.
public enum ImportPluginName: String, Sendable, CaseIterable {
    case injectMetadata = "inject_image_metadata"
    case conversion = "image_conversion"
    case decompression = "image_decompression"
    /// Does nothing.
    case none = "no_op"

    /// The name that is none.
    public struct Unknown: Error, Sendable, Equatable, CustomStringConvertible {
        public var name: String

        public var description: String {
            let known = ImportPluginName.allCases.map(\.rawValue).sorted().joined(separator: ", ")
            return "[image_import_opts] image_import_plugins: there is no plugin '\(name)'; known are \(known)"
        }
    }

    /// The configured steps in the order in which they are taken.
    ///
    /// - Throws: ``Unknown`` for what must keep the service from starting.
    public static func configured(_ configuration: Configuration) throws(Unknown) -> [ImportPluginName] {
        var plugins: [ImportPluginName] = []
        for name in configuration[Options.ImageImportOpts.imageImportPlugins] {
            guard let plugin = ImportPluginName(rawValue: name) else { throw Unknown(name: name) }
            if plugin != .none && !plugins.contains(plugin) { plugins.append(plugin) }
        }
        return plugins
    }
}
