import Glibc
import ImageStore
import TextCoding

/// The directory of a cache in Glance's layout: complete images under their ids, and what is on its way in `incomplete`,
/// `invalid` and `queue`. All methods block.
struct CacheDirectory: Sendable {
    enum Part: String, CaseIterable {
        case incomplete, invalid, queue
    }

    /// A file as it is now.
    struct File {
        var name: String
        /// Bytes, or what is kept free for it if that is more.
        var reserved: Int64
        var size: Int64
        var accessed: Timestamp
        var modified: Timestamp
    }

    let path: String

    func file(_ id: String) -> String { "\(path)/\(id)" }
    func file(_ id: String, in part: Part) -> String { "\(path)/\(part.rawValue)/\(id)" }

    /// Creates what is missing, and looks whether images can be written.
    func prepare() throws(StoreError) {
        for part in Part.allCases {
            let directory = "\(path)/\(part.rawValue)"
            try Self.create(directory)
            guard access(directory, W_OK | X_OK) == 0 else {
                throw StoreError(errno: errno, "cannot write in \(directory)")
            }
        }
    }

    private static func create(_ path: String) throws(StoreError) {
        var status = stat()
        if stat(path, &status) == 0 {
            guard status.st_mode & S_IFMT == S_IFDIR else { throw .badConfiguration("\(path) is not a directory") }
            return
        }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try create(String(path[..<slash])) }
        // Another process may have been faster.
        guard mkdir(path, 0o750) == 0 || errno == EEXIST else {
            throw StoreError(errno: errno, "cannot create \(path)")
        }
    }

    /// The complete images.
    func images() throws(StoreError) -> [File] {
        try Self.files(path).filter { UUIDText.isValid($0.name) }
    }

    func files(in part: Part) throws(StoreError) -> [File] {
        try Self.files("\(path)/\(part.rawValue)")
    }

    private static func files(_ directory: String) throws(StoreError) -> [File] {
        guard let listing = opendir(directory) else { throw StoreError(errno: errno, "cannot list \(directory)") }
        defer { closedir(listing) }
        var files: [File] = []
        while let entry = readdir(listing) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: $0.pointee)) {
                    String(cString: $0)
                }
            }
            if let file = file(name, at: "\(directory)/\(name)") { files.append(file) }
        }
        return files
    }

    /// Nil unless there is a regular file.
    private static func file(_ name: String, at path: String) -> File? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        let size = Int64(status.st_size)
        return File(
            name: name, reserved: max(size, Int64(status.st_blocks) * 512), size: size,
            accessed: time(status.st_atim), modified: time(status.st_mtim))
    }

    private static func time(_ time: timespec) -> Timestamp {
        Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Nil when the image is not cached.
    func image(_ id: String) -> File? { Self.file(id, at: file(id)) }

    func isQueued(_ id: String) -> Bool { access(file(id, in: .queue), F_OK) == 0 }

    /// Opens a complete image. Nil when it is not there.
    ///
    /// - Returns: the descriptor, which the caller closes, and the file's size.
    func open(_ id: String) -> (descriptor: Int32, size: Int64)? {
        let descriptor = Glibc.open(file(id), O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            return nil
        }
        return (descriptor, Int64(status.st_size))
    }

    /// Puts an image into the queue; one that is there keeps its place.
    ///
    /// - Parameter isUrgent: whether somebody waits for it. Glance leaves these files empty.
    func queue(_ id: String, isUrgent: Bool) throws(StoreError) {
        let path = file(id, in: .queue)
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot queue an image for the cache") }
        defer { close(descriptor) }
        if isUrgent, write(descriptor, "now\n", 4) != 4 {
            throw StoreError(errno: errno, "cannot queue an image for the cache")
        }
    }

    /// The queue, the longest waiting first.
    func queued() throws(StoreError) -> [File] {
        try files(in: .queue).filter { UUIDText.isValid($0.name) }
            .sorted { ($0.modified, $0.name) < ($1.modified, $1.name) }
    }

    /// Whether the file was there.
    @discardableResult
    func unqueue(_ id: String) -> Bool { unlink(file(id, in: .queue)) == 0 }

    /// Removes an image and what is on its way to become it. In this order: what becomes complete in between is removed.
    ///
    /// - Returns: whether it was complete.
    @discardableResult
    func remove(_ id: String) -> Bool {
        unlink(file(id, in: .incomplete))
        return unlink(file(id)) == 0
    }

    /// Keeps everybody else from beginning to fill a file, and from making room. Nil while somebody does.
    func lock() throws(StoreError) -> DirectoryLock? {
        let directory = "\(path)/\(Part.incomplete.rawValue)"
        let descriptor = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError(errno: errno, "cannot open \(directory)") }
        if flock(descriptor, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK { return DirectoryLock(descriptor) }
        close(descriptor)
        return nil
    }

    /// What is under an image's name in `incomplete`: nil when nobody fills it. A dead process's file is removed.
    ///
    /// - Returns: a descriptor for reading, which the caller closes.
    func filling(_ id: String) -> Int32? {
        let path = file(id, in: .incomplete)
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        if !Self.isHeld(descriptor) {
            unlink(path)
            close(descriptor)
            return nil
        }
        return descriptor
    }

    /// Whether somebody fills an open file.
    static func isHeld(_ descriptor: Int32) -> Bool {
        guard flock(descriptor, LOCK_SH | LOCK_NB) != 0, errno == EWOULDBLOCK else {
            flock(descriptor, LOCK_UN)
            return false
        }
        return true
    }

    /// Removes what is invalid, and what is incomplete and will remain so.
    ///
    /// - Parameters:
    ///   - stallTime: how long somebody who fills a file may write nothing.
    ///   - grace: how old files are at least that nobody fills.
    /// - Returns: what was removed.
    func clean(stallTime: Duration, grace: Duration) throws(StoreError) -> [File] {
        var removed: [File] = []
        for file in try files(in: .invalid) where unlink(self.file(file.name, in: .invalid)) == 0 {
            removed.append(file)
        }
        let now = Timestamp.now
        for file in try files(in: .incomplete) {
            let path = self.file(file.name, in: .incomplete)
            let age = Duration.microseconds(now.microseconds - file.modified.microseconds)
            guard age > stallTime || age >= grace && !Self.isHeld(path) else { continue }
            if unlink(path) == 0 { removed.append(file) }
        }
        return removed
    }

    private static func isHeld(_ path: String) -> Bool {
        let descriptor = Glibc.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return isHeld(descriptor)
    }
}

/// Held until it is given back or forgotten.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }
}

extension CacheDirectory {
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }
}
