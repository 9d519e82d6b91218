import OsloConfig

/// The options that the resources of images go by, read once.
struct ImageResourceSettings: Sendable {
    /// `[image_format]` and `schema-image.json`
    let schema: ImageSchema
    let metadefs: MetadefBodies
    /// `limit_param_default` and `api_limit_max`
    let pages: ImageListRequest.Limits
    /// `show_multiple_locations`
    let showsLocations: Bool
    /// `show_image_direct_url`
    let showsDirectURL: Bool

    /// - Throws: ``CustomImageProperties/Problem`` or ``JSONSchema/Problem`` when `schema-image.json` cannot be used.
    init(_ configuration: Configuration) throws {
        schema = try ImageSchema(configuration: configuration)
        metadefs = try MetadefBodies()
        pages = ImageListRequest.Limits(
            standard: configuration[Options.Default.limitParamDefault],
            maximum: configuration[Options.Default.apiLimitMax])
        showsLocations = configuration[Options.Default.showMultipleLocations]
        showsDirectURL = configuration[Options.Default.showImageDirectUrl]
    }
}
