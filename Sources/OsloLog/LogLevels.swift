import Logging

/// The least level that each logger writes: `debug` and `default_log_levels`.
struct LogLevels: Sendable {
    private let root: Logger.Level
    private let levels: [String: Logger.Level]

    /// - Throws: ``OsloLogError`` for an item that is not `name=LEVEL`.
    init(isDebug: Bool, names: [String]) throws(OsloLogError) {
        root = isDebug ? .debug : .info
        var levels: [String: Logger.Level] = [:]
        for item in names {
            guard let sign = item.lastIndex(of: "="), let level = Logger.Level(oslo: item[item.index(after: sign)...])
            else {
                throw OsloLogError(
                    "[DEFAULT] default_log_levels has '\(item)'; allowed is name=LEVEL with a level like INFO")
            }
            levels[String(item[..<sign])] = level
        }
        self.levels = levels
    }

    /// The level of a logger: its own, or that of the nearest logger above it (`a.b` is above `a.b.c`).
    func level(of label: String) -> Logger.Level {
        var name = label[...]
        while true {
            if let level = levels[String(name)] { return level }
            guard let dot = name.lastIndex(of: ".") else { return root }
            name = name[..<dot]
        }
    }
}
