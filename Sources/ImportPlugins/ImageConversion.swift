import Glibc
import ImageFormat

/// The step `image_conversion`: `qemu-img` turns the image into the format that the operator wants.
///
/// The image is inspected by the service before, and what came out of it afterwards: an image can hide another one in itself
/// (CVE-2024-32498).
public struct ImageConversion: Sendable {
    /// Finds out the format of a file and whether it is safe.
    ///
    /// Gets the path of the file and the format that it is to have; gives back Glance's name of the format that it has.
    /// Throws ``ImportPluginError/refused(_:)``. May block.
    public typealias Inspector = @Sendable (_ path: String, _ format: String) throws(ImportPluginError) -> String

    public struct Result: Sendable, Equatable {
        public var diskFormat: String
        /// Bytes of the file.
        public var size: Int64
        /// Bytes of the disk.
        public var virtualSize: Int64
        /// Whether there is a new file; else the image has that format already.
        public var isConverted: Bool
    }

    /// `[image_conversion] output_format`
    private let format: String
    /// `[image_format] vmdk_allowed_types`
    private let allowedTypes: Set<String>
    /// `image_size_cap`
    private let limit: Int64
    private let inspect: Inspector

    /// - Parameters:
    ///   - allowedTypes: of VMDKs (`vmdk_allowed_types`).
    ///   - toleratedChecks: `gpt_safety_checks_nonfatal`
    ///   - limit: bytes of a file.
    ///   - inspect: instead of the service's own inspection.
    public init(
        format: String, allowedTypes: [String], toleratedChecks: [String] = [], limit: Int64,
        inspect: Inspector? = nil
    ) {
        self.format = format
        self.allowedTypes = Set(allowedTypes)
        self.limit = limit
        if let inspect {
            self.inspect = inspect
        } else {
            self.inspect = Self.inspector(
                InspectionRules(requiresMatch: true, vmdkTypes: allowedTypes, toleratedChecks: toleratedChecks))
        }
    }

    private static func inspector(_ rules: InspectionRules) -> Inspector {
        { (path, format) throws(ImportPluginError) -> String in
            let content: ImageContent
            do throws(FileInspection.Failure) {
                content = try FileInspection.content(of: path, declared: format)
            } catch {
                throw .file(error.code)
            }
            do throws(InspectionRefusal) {
                return try rules.safeFormat(of: content).rawValue
            } catch {
                throw .refused(error.description)
            }
        }
    }

    /// Whether the program is there.
    public static var isAvailable: Bool { QemuImage.find() != nil }

    /// Converts `source` into the new file `destination`. Nothing is left of it after an error.
    ///
    /// - Parameters:
    ///   - diskFormat: what the image's owner says that it is.
    ///   - destination: whatever is there already, a crash may have left it, is removed.
    /// - Returns: what the image is afterwards; nil for an ISO image, which stays as it is.
    public func convert(
        _ source: String, diskFormat: String, to destination: String
    ) async throws(ImportPluginError) -> Result? {
        guard source.hasPrefix("/"), destination.hasPrefix("/") else { throw .file(EINVAL) }
        return try await PluginThreads.run { [self] (watch) throws(ImportPluginError) -> Result? in
            let found = try checked(source, diskFormat)
            if found == "iso" && diskFormat == "iso" { return nil }
            guard found == diskFormat, let driver = Self.drivers[diskFormat] else {
                throw .refused("The image is said to be \(diskFormat), and it cannot be converted as that.")
            }
            guard let tool = QemuImage.find() else { throw .conversionFailed("qemu-img is not installed") }
            let facts = try tool.info(source, format: driver, watch)
            try check(facts, driver)
            guard facts.virtualSize <= limit || format != "raw" else { throw .tooLarge(limit) }
            if diskFormat == format {
                return Result(
                    diskFormat: format, size: try Self.size(source), virtualSize: facts.virtualSize, isConverted: false)
            }
            unlink(destination)
            do throws(ImportPluginError) {
                try tool.convert(source, from: driver, to: destination, format, limit: limit, watch)
                guard try checked(destination, format) == format else {
                    throw .refused("The image holds another image.")
                }
                try Self.synchronize(destination)
                return Result(
                    diskFormat: format, size: try Self.size(destination), virtualSize: facts.virtualSize,
                    isConverted: true)
            } catch {
                unlink(destination)
                throw error
            }
        }
    }

    /// The format of a file, inspected; a partition table makes no difference to a raw disk.
    private func checked(_ path: String, _ format: String) throws(ImportPluginError) -> String {
        let found = try inspect(path, format)
        return found == "gpt" ? "raw" : found
    }

    private func check(_ facts: QemuImage.Facts, _ driver: String) throws(ImportPluginError) {
        guard facts.format == driver else { throw .refused("The image is not what it is said to be.") }
        if facts.hasBackingFile { throw .refused("Images with a backing file are not allowed.") }
        if facts.hasDataFile { throw .refused("Images with an external data file are not allowed.") }
        guard driver == "vmdk" else { return }
        guard let type = facts.createType, allowedTypes.contains(type) else {
            throw .refused("VMDK images of this create type are not allowed.")
        }
    }

    /// The names that qemu-img has for Glance's formats; others are not converted.
    private static let drivers = [
        "raw": "raw", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx",
    ]

    private static func size(_ path: String) throws(ImportPluginError) -> Int64 {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .file(errno) }
        return Int64(status.st_size)
    }

    private static func synchronize(_ path: String) throws(ImportPluginError) {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { throw .file(errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw .ofFile(errno) }
    }
}
