import ImportSources
public import OsloConfig

/// The options that imports go by, read once.
public struct ImportSettings: Sendable {
    /// `enabled_import_methods` that there are.
    public let methods: [String]
    /// `[task] task_time_to_live`, in seconds.
    let taskLifetime: Int64
    /// `worker_self_reference_url`, or `public_endpoint`: where other nodes reach what is staged on this one. Nil where all
    /// nodes see the same staging area.
    public let selfURL: String?
    /// `[taskflow_executor] max_workers`: imports of one node at a time.
    let mostJobs: Int
    /// `[image_import_opts] max_parallel_stores`: stores that one import writes to at a time.
    let parallelStores: Int
    /// `do_secure_hash`: data of locations are read and hashed.
    let hashesLocations: Bool
    /// How often that is tried: `http_retries`.
    let hashTries: Int

    public init(_ configuration: Configuration) {
        methods = configuration[Options.Default.enabledImportMethods].filter(ImportRequest.methods.contains)
        taskLifetime = Int64(configuration[Options.Task.taskTimeToLive]) * 3600
        let urls = [
            configuration[Options.Default.workerSelfReferenceUrl], configuration[Options.Default.publicEndpoint],
        ]
        selfURL = urls.compactMap { $0 }.first { !$0.isEmpty }
        mostJobs = configuration[Options.TaskflowExecutor.maxWorkers]
        parallelStores = configuration[Options.ImageImportOpts.maxParallelStores]
        hashesLocations = configuration[Options.Default.doSecureHash]
        hashTries = configuration[Options.Default.httpRetries]
    }
}
