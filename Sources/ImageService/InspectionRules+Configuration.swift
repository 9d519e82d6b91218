package import ImageFormat
package import OsloConfig

extension InspectionRules {
    /// The options of `[image_format]`.
    package init(_ configuration: Configuration) {
        self.init(
            requiresMatch: configuration[Options.ImageFormat.requireImageFormatMatch],
            vmdkTypes: configuration[Options.ImageFormat.vmdkAllowedTypes],
            toleratedChecks: configuration[Options.ImageFormat.gptSafetyChecksNonfatal])
    }
}
