import Glibc
public import OsloConfig

/// The configured steps, one after the other.
///
/// The staged file itself is never changed, so after a crash everything can be done again; what comes out of a step lies
/// beside it, under its name with something behind a dot, and goes when the next step has made something of it.
public struct ImportPluginChain: Sendable {
    /// What the steps need to know, and what they change.
    public struct Image: Sendable, Equatable {
        /// Of the file with the data.
        public var path: String
        public var diskFormat: String
        public var containerFormat: String
        /// Bytes of the disk, where a step has found out.
        public var virtualSize: Int64?
        /// Those that are added.
        public var properties: [String: String] = [:]

        public init(path: String, diskFormat: String, containerFormat: String) {
            self.path = path
            self.diskFormat = diskFormat
            self.containerFormat = containerFormat
        }
    }

    public let plugins: [ImportPluginName]
    private let decompression: ImageDecompression
    private let conversion: ImageConversion
    private let metadata: InjectedMetadata

    /// - Parameter inspect: what looks into images before and after a conversion, instead of the service's own inspection.
    /// - Throws: ``ImportPluginName/Unknown``.
    public init(
        _ configuration: Configuration, inspect: ImageConversion.Inspector? = nil
    ) throws(ImportPluginName.Unknown) {
        plugins = try ImportPluginName.configured(configuration)
        let limit = Int64(configuration[Options.Default.imageSizeCap])
        decompression = ImageDecompression(limit: limit)
        conversion = ImageConversion(
            format: configuration[Options.ImageConversion.outputFormat],
            allowedTypes: configuration[Options.ImageFormat.vmdkAllowedTypes],
            toleratedChecks: configuration[Options.ImageFormat.gptSafetyChecksNonfatal], limit: limit,
            inspect: inspect)
        metadata = InjectedMetadata(
            properties: Dictionary(
                configuration[Options.InjectMetadataProperties.inject].map { ($0.key, $0.value) },
                uniquingKeysWith: { $1 }),
            ignoredRoles: configuration[Options.InjectMetadataProperties.ignoreUserRoles])
    }

    /// Takes the steps.
    ///
    /// - Parameters:
    ///   - image: the staged file.
    ///   - roles: of the user who imports.
    /// - Returns: what is to be stored. Its file is the caller's to remove, like the staged one.
    public func run(_ image: Image, roles: [String]) async throws(ImportPluginError) -> Image {
        var result = image
        do throws(ImportPluginError) {
            for plugin in plugins {
                let before = result.path
                try await take(plugin, &result, staged: image.path, roles)
                if before != result.path && before != image.path { unlink(before) }
            }
            return result
        } catch {
            if result.path != image.path { unlink(result.path) }
            throw error
        }
    }

    private func take(
        _ plugin: ImportPluginName, _ image: inout Image, staged: String, _ roles: [String]
    ) async throws(ImportPluginError) {
        switch plugin {
        case .none: break
        case .injectMetadata: image.properties.merge(metadata.properties(forRoles: roles)) { $1 }
        case .decompression:
            let target = staged + ".unpacked"
            let size = try await decompression.unpack(
                image.path, containerFormat: image.containerFormat, to: target)
            if size != nil { image.path = target }
        case .conversion:
            let target = staged + ".converted"
            guard let result = try await conversion.convert(image.path, diskFormat: image.diskFormat, to: target)
            else { return }
            image.virtualSize = result.virtualSize
            guard result.isConverted else { return }
            image.path = target
            image.diskFormat = result.diskFormat
            image.containerFormat = "bare"
        }
    }
}
