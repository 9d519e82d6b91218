/// The sample configuration files, rendered from the declarations: every option with its help text, what is allowed and
/// its default, commented out.
public enum SampleConfiguration: String, CaseIterable, Sendable {
    case api = "glance-api.conf"
    case imageImport = "glance-image-import.conf"
    case manage = "glance-manage.conf"
    case scrubber = "glance-scrubber.conf"
    case cache = "glance-cache.conf"

    /// The whole file.
    public var text: String {
        var result = Self.comment(
            "\(introduction) Lines that begin with # are comments; the values shown are the defaults.")
        for (group, options) in sections {
            result += "\n[\(group)]\n"
            for option in options { result += "\n" + Self.text(option) }
        }
        return result
    }

    private var introduction: String {
        switch self {
        case .api: "Configuration of the image service (glance-api)."
        case .imageImport: "Configuration of image import, read by glance-api together with glance-api.conf."
        case .manage: "Configuration of glance-manage, read after glance-api.conf."
        case .scrubber: "Configuration of glance-scrubber."
        case .cache: "Configuration of the cache tools (glance-cache-cleaner, -pruner, -prefetcher)."
        }
    }

    /// Options by the group in which they stand.
    private var sections: [(group: String, options: [OptionDeclaration])] {
        let drivers = Options.drivers.flatMap(\.options)
        let imports = [
            Options.ImageImportOpts.all, Options.ImportFilteringOpts.all, Options.GlanceDownloadProperties.all,
            Options.InjectMetadataProperties.all, Options.ImageConversion.all,
        ].flatMap { $0 }
        let options: [OptionDeclaration] =
            switch self {
            case .api:
                Options.common.filter { option in !imports.contains { $0.group == option.group } } + Options.Store.all
                    + drivers
            case .imageImport: imports
            case .manage: Options.Default.loggingOptions + Options.Database.all
            case .scrubber:
                Options.Default.scrubberOptions + Options.Default.loggingOptions + Options.Database.all
                    + Options.GlanceStore.all + Options.Store.all + drivers
            case .cache:
                Options.Default.cacheOptions + Options.Default.loggingOptions + Options.Database.all
                    + Options.GlanceStore.all + Options.Store.all + drivers
            }
        var sections: [(group: String, options: [OptionDeclaration])] = []
        for option in options {
            if let index = sections.firstIndex(where: { $0.group == option.group }) {
                sections[index].options.append(option)
            } else {
                sections.append((option.group, [option]))
            }
        }
        return sections
    }

    private static func text(_ option: OptionDeclaration) -> String {
        var result = comment(option.help)
        result += comment("Value: \(option.allowed)." + (option.isMutable ? " A reload applies it." : ""))
        if !option.oldNames.isEmpty { result += comment("Old names: \(option.oldNames.joined(separator: ", ")).") }
        switch option.status {
        case .honoured: break
        case .notYet: result += comment("Not honoured yet.")
        case .noMeaning(let reason): result += comment("Without effect: \(reason).")
        }
        if let reason = option.deprecation { result += comment("Deprecated: \(reason).") }
        if option.type == .multi {
            let values = option.defaultText.map { $0.isEmpty ? [] : $0.split(separator: ",").map(String.init) } ?? []
            return result + (values.isEmpty ? ["<unset>"] : values).map { "#\(option.name) = \($0)\n" }.joined()
        }
        return result + "#\(option.name) = \(option.sampleDefault)\n"
    }

    /// Words as comment lines of at most 79 columns.
    private static func comment(_ text: String) -> String {
        var result = ""
        var line = "#"
        for word in text.split(separator: " ") {
            if line.count + 1 + word.count > 79, line.count > 1 {
                result += line + "\n"
                line = "#"
            }
            line += " " + word
        }
        return result + line + "\n"
    }
}

extension OptionDeclaration {
    /// The default as one would write it.
    fileprivate var sampleDefault: String {
        guard let text = defaultText else { return "<unset>" }
        if case .list(_, bounded: true) = type { return "[\(text)]" }
        return text
    }
}
