public import Logging
public import OsloConfig
public import Scoreboard

extension StartFailure {
    /// Why a process can't start with its database.
    public init(_ error: DatabaseError) {
        let status: ExitStatus =
            switch error {
            case .notMigrated: .databaseNotMigrated
            case .unavailable: .databaseUnavailable
            default: .runtimeError
            }
        self.init(status, error.adviceAtStart)
    }
}

extension ImageDatabase {
    /// The database that the configuration names, for the life of a process. Nothing is asked of it yet.
    ///
    /// - Throws: `StartFailure` when none is named, or one that no driver here speaks, or the key of locations is unusable.
    public convenience init(
        configuration: Configuration, turns: LookupTurns? = nil, logger: Logger
    ) throws(StartFailure) {
        guard let url = configuration[Options.Database.connection], !url.isEmpty else {
            throw StartFailure(.runtimeError, "[database] connection is not set")
        }
        var options = DatabaseOptions(configuration)
        do throws(LocationCipher.UnusableKey) {
            options.locationCipher = try LocationCipher(configuration)
        } catch {
            throw StartFailure(.configFileValueError, error.description)
        }
        do {
            try self.init(url: url, options: options, turns: turns, logger: logger)
        } catch {
            throw StartFailure(error)
        }
    }
}
