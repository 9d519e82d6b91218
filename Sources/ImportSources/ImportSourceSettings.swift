public import ExternalHTTP
public import OsloConfig

/// The options that sources of imports go by.
public struct ImportSourceSettings: Sendable {
    /// `[import_filtering_opts]`
    public var filter: ExternalURLFilter
    /// `image_size_cap`, and our own `[image_import_opts] download_timeout`.
    public var limits: DownloadLimits
    public var client = ExternalHTTPSettings()
    /// `[glance_download_properties] extra_properties`
    public var copiedProperties: [String]

    public init(_ configuration: Configuration) {
        filter = ExternalURLFilter(configuration: configuration)
        limits = DownloadLimits(
            bytes: Int64(configuration[Options.Default.imageSizeCap]),
            time: .seconds(configuration[Options.ImageImportOpts.downloadTimeout]))
        copiedProperties = configuration[Options.GlanceDownloadProperties.extraProperties]
    }
}
