package import Authorization
import Events
package import ImageFormat
package import ImageModel

/// What data are, and whether an image may have them.
extension ImageService {
    /// What looks at the data of the image; nil where they are packed into a container, which hides them.
    package func inspection(of image: Image) -> ContentInspection? {
        image.containerFormat == "bare" ? ContentInspection(declared: image.diskFormat) : nil
    }

    /// Whether the image may have data of this kind.
    ///
    /// - Parameter content: nil if nobody has looked.
    /// - Returns: bytes of the disk; nil where that is unknown.
    /// - Throws: ``ServiceError/unsupportedMediaType(_:)`` with the reason.
    package func accept(
        _ content: ImageContent?, as image: Image, for caller: Caller?
    ) throws(ServiceError) -> Int64? {
        guard let content else { return nil }
        do throws(InspectionRefusal) {
            let acceptance = try settings.inspectionRules.judge(content, declared: image.diskFormat ?? "")
            if let warning = acceptance.warning { logDoubtful(image, warning, for: caller) }
            return acceptance.virtualSize
        } catch {
            throw .unsupportedMediaType(error.description)
        }
    }

    /// - Parameter reason: why other data would have been refused.
    package func logDoubtful(_ image: Image, _ reason: String, for caller: Caller?) {
        common.log(
            .imageContentDoubtful, level: .warning, "The data of an image have not passed inspection, and are kept",
            image: image.id, for: caller, ["error": .string(reason)])
    }
}
