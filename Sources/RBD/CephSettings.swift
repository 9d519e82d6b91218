/// How a cluster is reached, and as whom. Connections are shared by all that have the same settings.
public struct CephSettings: Sendable, Hashable {
    /// Path of a `ceph.conf`; nil looks in Ceph's usual places, and goes without one where ``options`` say enough.
    public var configurationFile: String?
    /// Cephx user without `client.`; nil is the one of the environment or `admin`.
    public var user: String?
    /// Options that count more than the file: `mon_host`, `keyring`, `key`. Never logged.
    public var options: [String: String]
    /// Seconds that the cluster may take to connect, and for each of its operations; nil leaves it to the configuration,
    /// where the default is to wait for as long as the cluster is away.
    public var timeout: Int?

    public init(
        configurationFile: String? = nil, user: String? = nil, options: [String: String] = [:], timeout: Int? = nil
    ) {
        self.configurationFile = configurationFile
        self.user = user
        self.options = options
        self.timeout = timeout
    }

    /// How long a request waits for a cluster that may be away. Without a time-out of the operator's it is not for ever:
    /// the service has to answer.
    var patience: Duration { .seconds(timeout.map { $0 + 1 } ?? 30) }
}
