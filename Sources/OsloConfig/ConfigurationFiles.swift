import Glibc

/// Finds the files a program reads, in the order in which they apply.
struct ConfigurationFiles {
    /// Paths in reading order; a later file wins.
    private(set) var paths: [String] = []
    /// Directories that relative names in the configuration are searched in, most specific first.
    private(set) var directories: [String] = []
    /// What is worth telling the operator about the choice of files.
    private(set) var notices: [String] = []

    private let sources: ConfigurationSources

    /// - Throws: ``ConfigurationError`` if a named file or directory is missing.
    init(_ sources: ConfigurationSources) throws(ConfigurationError) {
        self.sources = sources
        let named = sources.arguments.contains { if case .file = $0 { true } else { false } }
        let namedDirectories = sources.arguments.contains { if case .directory = $0 { true } else { false } }
        var configDirectories: [String] = []

        // As oslo.config does: what is found by searching comes before anything on the command line, and only the
        // kind (file, directory) that the command line does not name is searched for.
        if !named { try addDefaultFiles() }
        if !namedDirectories {
            for name in programs { try addDirectory(search(name + ".conf.d")) }
        }
        for argument in sources.arguments {
            switch argument {
            case .file(let name):
                let path = absolute(name)
                try requireExisting(path, "configuration file")
                add(path)
            case .directory(let name):
                let path = absolute(name)
                try requireExisting(path, "configuration directory")
                try addDirectory(path)
                configDirectories.append(path)
            }
        }
        directories = Self.unique(configDirectories + paths.reversed().map(Self.directory(of:)) + searchPath)
            .filter(Self.canBeSearched)
    }

    /// Programs whose files are read: the project's own name first, then one or two commands.
    private var programs: [String] {
        switch sources.program {
        case "glance-manage": ["glance", "glance-api", "glance-manage"]
        case "glance-cache-cleaner", "glance-cache-pruner", "glance-cache-prefetcher": ["glance", "glance-cache"]
        default: ["glance", sources.program]
        }
    }

    private mutating func addDefaultFiles() throws(ConfigurationError) {
        if sources.program == "glance-api", let directory = nonEmpty("OS_GLANCE_CONFIG_DIR")?.trimmed {
            let path = absolute(String(directory)) + "/glance-api.conf"
            try requireExisting(path, "configuration file (OS_GLANCE_CONFIG_DIR)")
            return add(path)
        }
        for program in programs {
            let vendor = sources.root + "/usr/share/glance/\(program)-dist.conf"
            if Self.exists(vendor) { paths.append(vendor) }
        }
        for program in programs {
            if let path = search(program + ".conf") { add(path) }
        }
    }

    /// Adds a file, and before `glance-api.conf` of the API server the import options that Glance's WSGI application
    /// reads from the file next to it.
    private mutating func add(_ path: String) {
        if sources.program == "glance-api", path.hasSuffix("/glance-api.conf") {
            let sibling = Self.directory(of: path) + "/glance-image-import.conf"
            let isNamed = sources.arguments.contains {
                if case .file(let name) = $0 { absolute(name) == sibling } else { false }
            }
            if !isNamed, !paths.contains(sibling), Self.exists(sibling) {
                paths.append(sibling)
                notices.append("\(sibling) is read because it lies next to \(path)")
            }
        }
        paths.append(path)
    }

    private mutating func addDirectory(_ path: String?) throws(ConfigurationError) {
        guard let path else { return }
        guard let stream = opendir(path) else {
            throw ConfigurationError("cannot read configuration directory \(path): \(IniFile.reason())")
        }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".conf"), !name.hasPrefix(".") { names.append(name) }
        }
        // Plain byte order: 10.conf comes before 9.conf.
        names.sort { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names { paths.append(path + "/" + name) }
    }

    private func search(_ name: String) -> String? {
        searchPath.map { $0 + "/" + name }.first(where: Self.exists)
    }

    private var searchPath: [String] {
        var result: [String] = []
        if let home = nonEmpty("HOME") { result += [home + "/.glance", home] }
        result += [sources.root + "/etc/glance", sources.root + "/etc"]
        for snap in ["SNAP_COMMON", "SNAP"] {
            if let directory = nonEmpty(snap) { result.append(directory + "/etc/glance") }
        }
        return result
    }

    private func nonEmpty(_ variable: String) -> String? {
        sources.environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }

    private func requireExisting(_ path: String, _ kind: String) throws(ConfigurationError) {
        if !Self.exists(path) { throw ConfigurationError("\(kind) \(path) does not exist") }
    }

    /// The path with `~` and the working directory filled in and without a slash at its end.
    private func absolute(_ path: String) -> String {
        var path = path
        if path == "~" || path.hasPrefix("~/"), let home = nonEmpty("HOME") { path = home + path.dropFirst() }
        if !path.hasPrefix("/"), let directory = getcwd(nil, 0) {
            path = String(cString: directory) + "/" + path
            free(directory)
        }
        while path.hasPrefix("/"), path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// False for a directory that is there, or may be, but that this process may not look into, such as the HOME of
    /// another user.
    private static func canBeSearched(_ directory: String) -> Bool {
        access(directory, X_OK) == 0 || errno == ENOENT
    }

    private static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func directory(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func unique(_ paths: [String]) -> [String] {
        var seen: Set<String> = []
        return paths.filter { seen.insert($0).inserted }
    }
}
