/// An option that Zed had and that Glance or a library has dropped since: accepted, and answered by a warning.
struct RemovedOption {
    let group: String
    /// nil for every option of the group.
    let name: String?
    /// What became of it.
    let fate: String

    static let all = [
        RemovedOption(group: "DEFAULT", name: "pipe_handle", fate: "it was for Windows"),
        RemovedOption(group: "DEFAULT", name: "use_eventlog", fate: "it was for Windows"),
        RemovedOption(group: "DEFAULT", name: "watch_log_file", fate: "log files are always watched for rotation"),
        RemovedOption(
            group: "DEFAULT", name: "allow_additional_image_properties", fate: "custom properties are always allowed"),
        RemovedOption(
            group: "DEFAULT", name: "enforce_secure_rbac", fate: "set [oslo_policy] enforce_new_defaults instead"),
        RemovedOption(group: "DEFAULT", name: "location_strategy", fate: "the weight of a store orders locations now"),
        RemovedOption(
            group: "store_type_location_strategy", name: nil, fate: "the weight of a store orders locations now"),
        RemovedOption(group: "oslo_policy", name: "enforce_scope", fate: "the scope of tokens is always enforced"),
        RemovedOption(group: "task", name: "eventlet_executor_pool_size", fate: "set [taskflow_executor] max_workers"),
        RemovedOption(group: "database", name: "mysql_enable_ndb", fate: "MySQL Cluster is not supported"),
        RemovedOption(group: "healthcheck", name: "path", fate: "the health check is always at /healthcheck"),
        RemovedOption(group: "oslo_messaging_amqp", name: nil, fate: "the AMQP 1.0 driver does not exist any more"),
        RemovedOption(
            group: "oslo_messaging_rabbit", name: "heartbeat_in_pthread", fate: "heartbeats need no thread of their own"
        ),
        RemovedOption(
            group: "oslo_messaging_rabbit", name: "rabbit_quroum_max_memory_length",
            fate: "it is spelt rabbit_quorum_max_memory_length now"),
        RemovedOption(
            group: "oslo_messaging_rabbit", name: "rabbit_quroum_max_memory_bytes",
            fate: "it is spelt rabbit_quorum_max_memory_bytes now"),
    ]

    static func find(group: String, name: String) -> RemovedOption? {
        all.first { $0.group == group && ($0.name == nil || $0.name == name) }
    }

    static func isGroup(_ group: String) -> Bool { all.contains { $0.group == group && $0.name == nil } }
}
