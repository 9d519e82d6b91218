public import ImageModel

/// How an import of an image begins: what changes together with the task that it is.
public struct ImportStart: Sendable {
    public var image: Image
    /// State that the image goes into; nil leaves it in its own.
    public var status: ImageStatus?
    /// Ids of the stores that will get the data; a single store's is empty.
    public var stores: [String]
    /// A task that has held the image's lock for too long: it fails, and its lock goes.
    public var staleTask: String?
    public var job: ImportJob

    public init(
        image: Image, status: ImageStatus?, stores: [String], staleTask: String? = nil, job: ImportJob
    ) {
        self.image = image
        self.status = status
        self.stores = stores
        self.staleTask = staleTask
        self.job = job
    }
}

/// The properties in which an import keeps its state, under Glance's names.
public enum ImportProperty {
    /// Id of the task that may change the image.
    public static let task = "os_glance_import_task"
    /// Ids of the stores that are still to get the data, with commas between.
    public static let stores = "os_glance_importing_to_stores"
    /// Ids of the stores that did not take them.
    public static let failed = "os_glance_failed_import"
    /// URL of the node that has the staged file. Never shown.
    public static let stageHost = "os_glance_stage_host"
    /// Why the last import failed. Not one of Glance's.
    public static let failure = "os_glance_import_failure"
}
