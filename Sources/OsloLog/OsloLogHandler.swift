import Logging

/// One logger's way into the ``LogSystem``.
struct OsloLogHandler: LogHandler {
    let label: String
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    private let system: LogSystem
    private let isGathered: Bool
    private let configured: LogSystem.Level
    /// What a program set on this one logger.
    private var own: Logger.Level?

    /// - Parameter isGathered: whether lines may wait for ``LogSystem/writeGathered()``.
    init(label: String, system: LogSystem, isGathered: Bool = false) {
        self.label = label
        self.isGathered = isGathered
        self.system = system
        configured = system.level(of: label)
    }

    var logLevel: Logger.Level {
        get { own ?? configured.value }
        set { own = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var metadata = metadata
        if let provided = metadataProvider?.get() { metadata.merge(provided) { _, new in new } }
        system.write(event, label: label, metadata: metadata, isGathered: isGathered)
    }
}
