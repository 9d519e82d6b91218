/// Turns sources into a ``Configuration``: collects what every source says, finds the winner for each option,
/// substitutes, types and checks it, and notes what the operator should know.
struct ConfigurationLoader {
    private let sources: ConfigurationSources
    private let files: [IniFile]
    private var schema = OptionSchema()
    private var raw = RawValues()
    private var storage = Configuration.Storage()
    /// What is not wrong enough to end the start, in the order of the sources.
    private var findings: [ConfigurationFinding] = []

    /// Everything that `sources` leads to.
    static func load(_ sources: ConfigurationSources) throws(ConfigurationError) -> Configuration.Storage {
        var notices: [String] = []
        let snapshot: ConfigurationSnapshot
        if let kept = sources.snapshot {
            snapshot = kept
        } else {
            let found = try ConfigurationFiles(sources)
            snapshot = try ConfigurationSnapshot(found)
            notices = found.notices
        }
        var files: [IniFile] = []
        for file in snapshot.files { files.append(try IniFile(path: file.path, bytes: file.bytes)) }
        var storage = try load(sources, files: files)
        storage.directories = snapshot.directories
        storage.notices = notices
        storage.snapshot = snapshot
        return storage
    }

    /// The given files, and the environment and overrides of `sources`.
    static func load(_ sources: ConfigurationSources, files: [IniFile]) throws(ConfigurationError)
        -> Configuration.Storage
    {
        var loader = ConfigurationLoader(sources: sources, files: files)
        try loader.extendSchema()
        loader.collect()
        try loader.type()
        loader.storage.files = files.map(\.path)
        loader.storage.findings = loader.findings
        return loader.storage
    }

    private init(sources: ConfigurationSources, files: [IniFile]) {
        self.sources = sources
        self.files = files
    }

    // MARK: Which options can exist

    /// Learns the groups that this configuration brings into being.
    private mutating func extendSchema() throws(ConfigurationError) {
        // The few options that decide about groups are read first, with nothing but the declared groups known.
        var early = RawValues()
        for (entry, text, origin, source, replacing) in occurrences() {
            early.set(entry, text: text, origin: origin, source: source, replacing: replacing)
        }
        let backends: OptionDictionary = try early.typed(Options.Default.enabledBackends, schema: schema)
        storage.usesBackends = !backends.isEmpty
        if backends.isEmpty {
            schema.addDrivers(group: Options.GlanceStore.group)
        } else {
            for (id, type) in backends { schema.addStore(id: id, type: type) }
            schema.addDrivers(group: "backend_defaults")
        }
        for reserved in ["os_glance_staging_store", "os_glance_tasks_store"] {
            schema.addStore(id: reserved, type: "file")
        }
        if let section = try early.typed(Options.KeystoneAuthtoken.authSection, schema: schema) {
            schema.add(Options.KeystoneAuthtoken.all, group: IniFile.normalized(section))
        }
        for file in files {
            for (group, _) in file.sections where group.hasPrefix("cors.") && !storage.corsSections.contains(group) {
                storage.corsSections.append(group)
                schema.add(Options.Cors.all, group: group)
            }
        }
    }

    private typealias Occurrence = (
        entry: OptionSchema.Entry, text: String, origin: RawValues.Origin, source: Int, replacing: Bool
    )

    /// Every known option in every source, weakest source first: files, environment, command line.
    private func occurrences() -> [Occurrence] {
        var result: [Occurrence] = []
        for (source, file) in files.enumerated() {
            for assignment in file.assignments {
                guard let entry = schema[assignment.group, assignment.name] else { continue }
                let origin = RawValues.Origin.file(file.path, line: assignment.line)
                result.append((entry, assignment.value, origin, source, false))
            }
        }
        for (variable, group, name, text) in environmentOptions() {
            guard let entry = schema[group, name] else { continue }
            result.append((entry, text, .environment(variable), files.count, true))
        }
        for (group, name, text) in sources.overrides {
            guard let entry = schema[IniFile.normalized(group), name] else { continue }
            result.append((entry, text, .commandLine(name), files.count + 1, true))
        }
        return result
    }

    /// Variables of the form `OS_<GROUP>__<OPTION>`.
    private func environmentOptions() -> [(variable: String, group: String, name: String, text: String)] {
        sources.environment.keys.sorted().compactMap { variable in
            guard variable.hasPrefix("OS_"), let text = sources.environment[variable] else { return nil }
            let body = variable.dropFirst(3)
            guard let separator = body.firstRange(of: "__"), separator.lowerBound > body.startIndex else { return nil }
            let group = String(body[..<separator.lowerBound])
            let name = body[separator.upperBound...].lowercased()
            if name.isEmpty { return nil }
            return (variable, IniFile.normalized(group), name, text)
        }
    }

    // MARK: What the sources say

    private mutating func collect() {
        for (entry, text, origin, source, replacing) in occurrences() {
            raw.set(entry, text: text, origin: origin, source: source, replacing: replacing)
            warn(about: entry, origin: origin)
        }
        for file in files {
            // Glance's own sample has empty sections of names that mean nothing; only content is worth a warning.
            let filled = Set(file.assignments.lazy.map(\.group))
            var seen: Set<String> = []
            for (group, line) in file.sections where !isKnown(group) && filled.contains(group) {
                if seen.insert(group).inserted { warnUnknown(section: group, "\(file.path):\(line)") }
            }
            for assignment in file.assignments where schema[assignment.group, assignment.name] == nil {
                warnUnknown(group: assignment.group, name: assignment.name, "\(file.path):\(assignment.line)")
            }
        }
        for (variable, group, name, _) in environmentOptions() where schema[group, name] == nil {
            if isKnown(group) { warnUnknown(group: group, name: name, "environment variable \(variable)") }
        }
        for (group, name, _) in sources.overrides where schema[IniFile.normalized(group), name] == nil {
            warnUnknown(group: IniFile.normalized(group), name: name, "command line (\(name))")
        }
    }

    private func isKnown(_ group: String) -> Bool { schema.groups.contains(group) || RemovedOption.isGroup(group) }

    private mutating func warn(about entry: OptionSchema.Entry, origin: RawValues.Origin) {
        let option = "[\(entry.group)] \(entry.declaration.name)"
        if entry.isOldName {
            note(.deprecated, "\(origin): this name is deprecated; the option is called \(option) now")
        }
        switch entry.declaration.status {
        case .honoured: break
        case .notYet: note(.notHonoured, "\(origin): \(option) is not honoured yet and has no effect")
        case .noMeaning(let reason): note(.withoutMeaning, "\(origin): \(option) has no effect: \(reason)")
        }
        if let reason = entry.declaration.deprecation {
            note(.deprecated, "\(origin): \(option) is deprecated: \(reason)")
        }
    }

    private mutating func note(_ kind: ConfigurationFinding.Kind, _ text: String) {
        findings.append(ConfigurationFinding(kind: kind, text: text))
    }

    private mutating func warnUnknown(section: String, _ place: String) {
        let suggestion = schema.suggestion(section: section).map { "; " + $0 } ?? ""
        note(.unknown, "\(place): unknown section [\(section)] is ignored\(suggestion)")
    }

    private mutating func warnUnknown(group: String, name: String, _ place: String) {
        if let removed = RemovedOption.find(group: group, name: name) {
            note(
                .removed, "\(place): [\(group)] \(name) does not exist any more and has no effect: \(removed.fate)")
        } else if isKnown(group) {
            let suggestion = schema.suggestion(group: group, name: name).map { "; " + $0 } ?? ""
            note(.unknown, "\(place): unknown option '\(name)' in [\(group)] is ignored\(suggestion)")
        }
    }

    // MARK: What it means

    private mutating func type() throws(ConfigurationError) {
        storage.values.reserveCapacity(raw.values.count)
        var substitution = Substitution(schema: schema, raw: raw)
        var failure: ConfigurationError?
        // Sorted, so that of several bad values always the same one is reported first.
        for value in raw.values.values.sorted(by: {
            ($0.entry.group, $0.entry.declaration.name) < ($1.entry.group, $1.entry.declaration.name)
        }) {
            do throws(ConfigurationError) {
                guard let stored = try value.stored(&substitution) else { continue }
                storage.values[value.entry.key] = stored
                if noteSecrets(of: stored, isSecret: value.entry.declaration.isSecret),
                    case .file(let path, _) = value.origin
                {
                    storage.filesWithSecrets.insert(path)
                }
            } catch {
                if failure == nil { failure = error } else { failure?.others.append(error.description) }
            }
        }
        if let failure { throw failure }
    }

    /// Remembers a secret value and the password of any URL; false if there was nothing to remember.
    private mutating func noteSecrets(of value: StoredValue, isSecret: Bool) -> Bool {
        let texts: [String] =
            switch value {
            case .string(let text): [text]
            case .list(let items): items
            case .dictionary(let pairs): pairs.map(\.value)
            case .boolean, .integer, .float, .integers: []
            }
        var found = false
        for text in texts {
            let secrets = (isSecret ? [text] : []) + URLPassword.spellings(in: text)
            for secret in secrets where !secret.isEmpty {
                storage.addSecret(secret)
                found = true
            }
        }
        return found
    }
}

extension RawValues.Value {
    /// The value after substitution and typing; nil if it counts as unset.
    func stored(_ substitution: inout Substitution) throws(ConfigurationError) -> StoredValue? {
        var result: [String] = []
        var current = ""
        do throws(ValueError) {
            for text in texts {
                current = text
                result.append(try substitution.resolve(text, of: entry.key, group: entry.group))
            }
            if entry.declaration.type == .multi {
                // An occurrence without a text names nothing: not the first directory of a search path, for one.
                return .list(result.filter { !$0.trimmed.isEmpty })
            }
            current = result.last ?? ""
            return try entry.declaration.parse(current)
        } catch {
            let shown = entry.declaration.isSecret ? "***" : "'\(current)'"
            throw ConfigurationError(
                "\(origin): [\(entry.group)] \(entry.declaration.name) = \(shown) \(error.reason);"
                    + " allowed is \(entry.declaration.allowed)")
        }
    }
}

extension RawValues {
    /// One option's value by itself, before the others are typed.
    func typed<Value>(_ option: Option<Value>, schema: OptionSchema) throws(ConfigurationError) -> Value {
        var substitution = Substitution(schema: schema, raw: self)
        return try values[option.declaration.key]?.stored(&substitution).flatMap(Value.init(stored:)) ?? option.default
    }
}
