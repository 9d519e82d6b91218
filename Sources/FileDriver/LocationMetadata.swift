public import ImageStore
import JSON

/// What `filesystem_store_metadata_file` says about mount points. Computes with the same mounts read an image's file
/// directly when its location tells them the mount's id.
public struct LocationMetadata: Sendable, Equatable {
    /// JSON objects with at least `id` and `mountpoint`, in the order of the file.
    private var mounts: [[String: JSONValue]] = []

    /// No mount points.
    public init() {}

    /// Reads the file: one object, or a list of objects.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)``.
    public init(file path: String) throws(StoreError) {
        let document: JSONValue
        do {
            document = try JSONValue.parse(SystemCall.read(path, limit: 1 << 20))
        } catch let error as JSONParsingError {
            throw .badConfiguration("\(path) is not JSON: \(error)")
        } catch {
            throw .badConfiguration("\((error as? StoreError)?.text ?? "cannot read \(path)")")
        }
        let list = document.arrayValue ?? [document]
        for item in list {
            guard let mount = item.objectValue, mount["id"]?.stringValue != nil,
                let point = mount["mountpoint"]?.stringValue, point.hasPrefix("/")
            else {
                throw .badConfiguration(
                    "\(path) must be an object, or a list of objects, with the strings 'id' and 'mountpoint' (an "
                        + "absolute path)")
            }
            mounts.append(mount)
        }
    }

    /// The object of the mount point that `path` is under; the first of the list where several fit, empty if none does.
    func metadata(forFile path: String) -> [String: JSONValue] {
        mounts.first { mount in
            guard var point = mount["mountpoint"]?.stringValue else { return false }
            if !point.hasSuffix("/") { point += "/" }
            return path.hasPrefix(point)
        } ?? [:]
    }
}
