import Glibc
public import ImageStore
import TextCoding

// What a service does with the staged data of one image.
extension StagingDirectory {
    /// What upload records name as the store of data that are being staged (Glance's reserved store).
    public static let storeID = "os_glance_staging_store"

    /// Where the data of an image lie, or are to lie.
    public func path(ofImage id: String) -> String { "\(path)/\(id)" }

    /// Starts staging the data of an image; makes the directory if there is none.
    ///
    /// The caller holds the image's upload record. So data that lie here already are nobody's: their upload died before
    /// it could say that it had ended, and another node, which does not see this directory, has ended its record.
    public func makeFile(imageID: String, uploadID: String) async throws(StoreError) -> StagedFile {
        let (path, directory, pool) = (path(ofImage: imageID), path, pool)
        return try await pool.run { () throws(StoreError) in
            try Self.make(directory)
            return try StagedFile(path: path, uploadID: uploadID, pool: pool)
        }
    }

    /// Makes the directory, unless it is there.
    public func prepare() async throws(StoreError) {
        let directory = path
        try await pool.run { () throws(StoreError) in try Self.make(directory) }
    }

    /// Bytes of the staged data of an image; nil when there are none.
    public func size(ofImage id: String) async -> Int64? {
        let path = path(ofImage: id)
        return try? await pool.run { () throws(StoreError) in
            var status = stat()
            guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { throw .notFound }
            return Int64(status.st_size)
        }
    }

    /// Removes everything that is staged for an image: the data, and what steps of an import have made of them.
    public func removeAll(ofImage id: String) async throws(StoreError) {
        for file in try await files() where file.imageID == id {
            _ = try await remove(file, minimumAge: .zero)
        }
    }

    /// Removes the staged data of an image. What somebody still writes, and what steps of an import have made, stays.
    public func removeData(ofImage id: String) async throws(StoreError) {
        guard UUIDText.isValid(id) else { return }
        let path = path(ofImage: id)
        try await pool.run { () throws(StoreError) in
            guard unlink(path) == 0 || errno == ENOENT else {
                throw StoreError(errno: errno, "cannot remove staged data")
            }
        }
    }

    private static func make(_ directory: String) throws(StoreError) {
        var place = ""
        for part in directory.split(separator: "/") {
            place += "/" + part
            guard mkdir(place, 0o750) == 0 || errno == EEXIST else {
                throw StoreError(errno: errno, "cannot create the staging directory")
            }
        }
    }
}
