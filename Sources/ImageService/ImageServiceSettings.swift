import ExternalHTTP
package import ImageFormat
public import OsloConfig

/// The options that the services of images go by, read once.
public struct ImageServiceSettings: Sendable {
    package let quotas: Quotas
    /// `hashing_algorithm`
    package let hashingAlgorithm: String
    /// `delayed_delete`: the data of deleted images are the scrubber's.
    let delaysDeletion: Bool
    /// `show_multiple_locations`: clients may see and change the list of locations.
    let showsLocations: Bool
    /// `show_image_direct_url`
    let showsDirectURL: Bool
    /// `api_limit_max`: images of one page.
    let largestPage: Int
    /// `[import_filtering_opts]`
    let urlFilter: ExternalURLFilter
    /// `[image_format]`
    package let inspectionRules: InspectionRules

    public init(_ configuration: Configuration) {
        quotas = Quotas(configuration: configuration)
        hashingAlgorithm = configuration[Options.Default.hashingAlgorithm]
        delaysDeletion = configuration[Options.Default.delayedDelete]
        showsLocations = configuration[Options.Default.showMultipleLocations]
        showsDirectURL = configuration[Options.Default.showImageDirectUrl]
        largestPage = configuration[Options.Default.apiLimitMax]
        urlFilter = ExternalURLFilter(configuration: configuration)
        inspectionRules = InspectionRules(configuration)
    }
}
