/// Exit statuses of `glance-api`: why a start could not succeed. 1 to 5 and 99 are Glance's own (`glance.cmd.api`).
public enum ExitStatus: Int32, Sendable, CaseIterable {
    /// The environment is not fit: no socket, no permission, an inconsistent setting.
    case runtimeError = 1
    /// A worker process could not be created.
    case workerCreationFailure = 2
    /// A store's configuration is wrong.
    case badStoreConfiguration = 3
    /// An option has a value that makes no sense.
    case valueError = 4
    /// A configuration file has a value that can't be read.
    case configFileValueError = 5
    /// The database has no schema, or an old one: `glance-manage db sync` is to be run.
    case databaseNotMigrated = 6
    /// The database can't be reached.
    case databaseUnavailable = 7
    /// A store can't be used at the moment: its directory can't be written to, its backend does not answer.
    case storeUnavailable = 8
    case unexpected = 99
}

/// An error that ends the start with a status of its own. Its description is one line for the operator.
public protocol ExitStatusError: Error, CustomStringConvertible {
    var exitStatus: ExitStatus { get }
}

/// Why a process can't start until somebody does something: how all parts of all executables say it.
public struct StartFailure: ExitStatusError, Equatable {
    public let exitStatus: ExitStatus
    public let description: String

    /// - Parameter reason: one line for the operator.
    public init(_ exitStatus: ExitStatus, _ reason: String) {
        self.exitStatus = exitStatus
        description = reason
    }
}
