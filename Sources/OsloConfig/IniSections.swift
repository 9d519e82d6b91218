/// A file of sections with options that is no part of the configuration, such as `swift_store_config_file`. Its dialect is
/// the configuration's.
public struct IniSections: Sendable {
    /// In the order of the file; names of sections are in lower case, the last value of an option counts.
    public let sections: [(name: String, values: [String: String])]

    /// Reads the file. Blocks.
    ///
    /// - Throws: ``ConfigurationError`` with the file and the line.
    public init(path: String) throws(ConfigurationError) {
        let file = try IniFile(path: path, bytes: IniFile.read(path))
        var sections: [(name: String, values: [String: String])] = []
        for (group, _) in file.sections where !sections.contains(where: { $0.name == group }) {
            var values: [String: String] = [:]
            for assignment in file.assignments where assignment.group == group {
                values[assignment.name.lowercased()] = assignment.value
            }
            sections.append((group, values))
        }
        self.sections = sections
    }
}
