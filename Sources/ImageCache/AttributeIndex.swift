import CLinux
import Glibc
import ImageDatabase
import ImageStore
import TextCoding

/// The driver `xattr`: the files themselves. Their times say when they were made and used, an extended attribute (xattr(7))
/// how often.
struct AttributeIndex: CacheIndex {
    private static let hits = "user.hits"
    /// UTIME_OMIT of utimensat(2), a macro that Swift cannot import.
    private static let unchanged = (1 << 30) - 2

    let directory: CacheDirectory
    let pool: BlockingPool

    /// - Throws: `StoreError` where the file system has no such attributes.
    func prepare() async throws {
        try await pool.run { () throws(StoreError) in
            let path = "\(directory.path)/checkme"
            let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o640)
            guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot write in \(directory.path)") }
            defer {
                Glibc.close(descriptor)
                unlink(path)
            }
            guard Self.write(1, to: path) else {
                throw .badConfiguration("the file system of \(directory.path) has no extended attributes")
            }
        }
    }

    func entries() async throws -> [CachedImage] {
        try await pool.run { () throws(StoreError) in
            try directory.images().map {
                CachedImage(
                    imageID: $0.name, lastAccessed: $0.accessed, lastModified: $0.modified, size: $0.size,
                    hits: Self.read(directory.file($0.name)))
            }.sorted { $0.imageID < $1.imageID }
        }
    }

    func add(_ images: [CachedImage]) async throws {
        try await pool.run { () throws(StoreError) in
            for image in images { _ = Self.write(image.hits, to: directory.file(image.imageID)) }
        }
    }

    /// They go with the files.
    func remove(_ ids: [String]) async throws {}
    func removeAll() async throws {}

    func count(_ uses: [String: CacheUse]) async throws {
        try await pool.run { () throws(StoreError) in
            for (id, use) in uses {
                let path = directory.file(id)
                guard access(path, F_OK) == 0 else { continue }
                _ = Self.write(Self.read(path) + use.hits, to: path)
                // Many file systems note the access late, or never.
                let seconds = use.last.secondsSince1970
                let rest = use.last.microseconds - seconds * 1_000_000
                let times = [
                    timespec(tv_sec: Int(seconds), tv_nsec: Int(rest) * 1000),
                    timespec(tv_sec: 0, tv_nsec: Self.unchanged),
                ]
                utimensat(AT_FDCWD, path, times, 0)
            }
        }
    }

    func nodes(of id: String) async throws -> [String]? { nil }
    func close() async {}

    private static func read(_ path: String) -> Int64 {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 1) { buffer in
            let count = clinux_get_attribute(path, hits, buffer.baseAddress, buffer.count)
            guard count > 0 else { return 0 }
            return Int64(String(decoding: buffer[..<count], as: UTF8.self)) ?? 0
        }
    }

    private static func write(_ value: Int64, to path: String) -> Bool {
        let text = "\(value)"
        return clinux_set_attribute(path, hits, text, text.utf8.count) == 0
    }
}
