/// All places in which an option may stand for one particular configuration: the declared groups and those that the
/// configuration itself brings into being (stores, further CORS origins, a named auth section).
struct OptionSchema {
    struct Entry {
        let declaration: OptionDeclaration
        /// The group in which it stands, which for a store's option is not the declared one.
        let group: String
        /// Whether the file uses a name of old for it.
        let isOldName: Bool
        /// Where the value goes.
        let key: OptionKey
    }

    private var entries: [Entry] = []
    private var index: [OptionKey: Int] = [:]
    /// Known sections.
    private(set) var groups: Set<String> = []

    init() {
        let common = Options.common
        entries.reserveCapacity(common.count + 400)
        index.reserveCapacity(common.count + 400)
        for declaration in common { add(declaration, group: declaration.group) }
        groups.insert("backend_defaults")
    }

    subscript(group: String, name: String) -> Entry? { index[OptionKey(group: group, name: name)].map { entries[$0] } }

    /// Makes the options of every driver known in `group`.
    mutating func addDrivers(group: String) {
        for driver in Options.drivers { add(driver.options, group: group) }
        add(Options.Store.all, group: group)
    }

    /// Makes the options of a store known in the group of its id.
    mutating func addStore(id: String, type: String) {
        let group = IniFile.normalized(id)
        add(Options.drivers.first { $0.type == type }?.options ?? [], group: group)
        add(Options.Store.all, group: group)
    }

    mutating func add(_ declarations: [OptionDeclaration], group: String) {
        for declaration in declarations { add(declaration, group: group) }
        groups.insert(group)
    }

    private mutating func add(_ declaration: OptionDeclaration, group: String) {
        let isHome = group == declaration.group
        let key = isHome ? declaration.key : OptionKey(group: group, name: declaration.name)
        if isHome { groups.insert(group) }
        insert(.init(declaration: declaration, group: group, isOldName: false, key: key), at: key)
        for oldName in declaration.oldNames {
            let parts = oldName.split(separator: "/", maxSplits: 1)
            let oldKey =
                parts.count == 2
                ? OptionKey(group: String(parts[0]), name: String(parts[1])) : OptionKey(group: group, name: oldName)
            insert(.init(declaration: declaration, group: group, isOldName: true, key: key), at: oldKey)
        }
    }

    /// An option's own name always wins over the old name of another one.
    private mutating func insert(_ entry: Entry, at key: OptionKey) {
        if let present = index[key], entry.isOldName || !entries[present].isOldName { return }
        index[key] = entries.count
        entries.append(entry)
    }

    /// What an unknown name was probably meant to be, as the end of a sentence.
    func suggestion(group: String, name: String) -> String? {
        let names = entries.lazy.filter { !$0.isOldName }
        if let elsewhere = names.first(where: { $0.declaration.name == name }) {
            return "an option of this name belongs into [\(elsewhere.group)]"
        }
        let here = names.filter { $0.group == group }.map(\.declaration.name)
        if let nearest = Spelling.nearest(to: name, among: here) { return "did you mean '\(nearest)'?" }
        let candidates = Set(names.map(\.declaration.name)).sorted()
        guard let nearest = Spelling.nearest(to: name, among: candidates),
            let home = names.first(where: { $0.declaration.name == nearest })
        else { return nil }
        return "did you mean '\(nearest)' in [\(home.group)]?"
    }

    /// What an unknown section was probably meant to be.
    func suggestion(section: String) -> String? {
        if section == "default" { return "did you mean [DEFAULT]?" }
        return Spelling.nearest(to: section, among: groups.sorted()).map { "did you mean [\($0)]?" }
    }
}
