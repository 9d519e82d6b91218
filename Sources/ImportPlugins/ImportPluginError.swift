import Glibc

/// Why a step of an import refuses an image or fails. The texts are for the owner of the image: none holds a path.
public enum ImportPluginError: Error, Sendable, Equatable {
    /// An archive that this service does not unpack, with its name.
    case unsupportedArchive(String)
    /// An archive with this number of members.
    case members(UInt64)
    /// The data are not what their beginning says, or not all of it; with what is wrong.
    case damaged(String)
    /// More bytes than are allowed.
    case tooLarge(Int64)
    case noSpace
    /// The image must not be converted; with the reason.
    case refused(String)
    /// `qemu-img` did not do it; with what it said.
    case conversionFailed(String)
    /// A file of the staging area cannot be read or written; with errno.
    case file(Int32)
    case cancelled

    public var text: String {
        switch self {
        case .unsupportedArchive(let name): "\(name) archives cannot be unpacked by this service."
        case .members(let count): "The archive has \(count) members; exactly one is expected."
        case .damaged(let what): "The compressed data are damaged: \(what)."
        case .tooLarge(let limit): "The image would be larger than the \(limit) bytes that are allowed."
        case .noSpace: "There is not enough space in the staging area for the image."
        case .refused(let reason): reason
        case .conversionFailed(let reason): "The image could not be converted: \(reason)"
        case .file(let code): "A file of the staging area failed: \(String(cString: strerror(code)))"
        case .cancelled: "The import was cancelled."
        }
    }

    static func ofFile(_ code: Int32) -> ImportPluginError {
        code == ENOSPC || code == EDQUOT || code == EFBIG ? .noSpace : .file(code)
    }
}
