import CLinux
import Glibc
import ImageModel
import ImageStore
import Synchronization

/// Where a `file://` location points to: a path below one of a store's data directories, and nowhere else.
///
/// Locations come from the database, which users may have had a hand in (CVE-2014-9493, CVE-2015-1195). So a path that
/// leaves the data directories, by `..` or by a symbolic link, is an error and never opened or removed.
struct FileLocation: Sendable {
    static let schemes: Set<String> = ["file", "filesystem"]

    /// Components of the absolute path.
    private let components: [Substring]

    private var path: String { "/" + components.joined(separator: "/") }

    /// - Throws: ``StoreError/badLocation(_:)``.
    init(url: String) throws(StoreError) {
        let parts = url.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, Self.schemes.contains(parts[0].lowercased()), parts[1].hasPrefix("///") else {
            throw .badLocation("the location is not of the form file:///directory/name")
        }
        // Glance escapes nothing in these URLs. Names of ours have no dot in front, so an unfinished file is not reachable.
        components = parts[1].split(separator: "/").filter { $0 != "." }
        guard components.count > 1, !components.contains(".."),
            components.last?.first != ".", !url.utf8.contains(where: { $0 == 0 || $0 == UInt8(ascii: "?") })
        else {
            throw .badLocation("the location's path is not that of an image")
        }
    }

    /// Whether the path, as it is written, is below one of `directories`.
    func isBelow(_ directories: [String]) -> Bool {
        below(directories) != nil
    }

    /// The innermost of `directories` that the path is below, and the rest of the path.
    private func below(_ directories: [String], path: String? = nil) -> (directory: String, rest: String)? {
        let path = path ?? self.path
        var best: (directory: String, rest: String)?
        for directory in directories where directory.utf8.count > best?.directory.utf8.count ?? -1 {
            let prefix = directory == "/" ? "/" : directory + "/"
            if path.hasPrefix(prefix) { best = (directory, String(path.dropFirst(prefix.count))) }
        }
        return best
    }

    /// Finds the path in one of `directories`. Blocks.
    ///
    /// Where a data directory has moved and a link was left at its old place, or is itself a link, the names differ but
    /// the place is the same.
    private func resolve(_ directories: [String]) throws(StoreError) -> (directory: String, rest: String) {
        if let found = below(directories) { return found }
        if let parent = Self.realPath("/" + components.dropLast().joined(separator: "/")), let name = components.last {
            let real = directories.compactMap { Self.realPath($0) }
            if let found = below(real, path: parent == "/" ? "/\(name)" : "\(parent)/\(name)") { return found }
        }
        throw .badLocation("the location's path is not in a data directory of the store")
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }

    /// Opens the file for reading. Blocks. The caller closes the descriptor.
    ///
    /// - Returns: the descriptor and the file's size in bytes.
    func open(in directories: [String]) throws(StoreError) -> (descriptor: Int32, size: Int64) {
        let (directory, rest) = try resolve(directories)
        let root = try Self.openDirectory(directory)
        defer { close(root) }
        // Not waiting keeps a fifo in the directory from holding the thread.
        let descriptor = try Self.open(rest, beneath: root, flags: O_RDONLY | O_NONBLOCK)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .badLocation("the location's path is not that of a regular file")
        }
        return (descriptor, Int64(status.st_size))
    }

    /// Removes the file's name, durably. Blocks.
    func remove(in directories: [String]) throws(StoreError) {
        let (directory, rest) = try resolve(directories)
        var folder = try Self.openDirectory(directory)
        defer { close(folder) }
        var name = rest
        if let slash = rest.lastIndex(of: "/") {
            let inner = try Self.open(String(rest[..<slash]), beneath: folder, flags: O_RDONLY | O_DIRECTORY)
            close(folder)
            folder = inner
            name = String(rest[rest.index(after: slash)...])
        }
        if unlinkat(folder, name, 0) != 0 {
            if errno == ENOENT { throw .notFound }
            throw StoreError(errno: errno, "cannot remove the image's file")
        }
        try SystemCall.sync(directory: folder)
    }

    private static func openDirectory(_ path: String) throws(StoreError) -> Int32 {
        try SystemCall.check("cannot open the data directory") {
            Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        }
    }

    private static func open(_ path: String, beneath root: Int32, flags: Int32) throws(StoreError) -> Int32 {
        while true {
            let descriptor = open(beneath: root, path, flags)
            if descriptor >= 0 { return descriptor }
            switch errno {
            // EAGAIN: something was renamed meanwhile and the kernel could not be sure (openat2(2)).
            case EINTR, EAGAIN: continue
            case ENOENT, ENOTDIR: throw .notFound
            case EXDEV, ELOOP: throw .badLocation("a symbolic link leads out of the store's data directory")
            default: throw StoreError(errno: errno, "cannot open the image's file")
            }
        }
    }

    /// Whether openat2(2) is there: kernels before 5.6 and the seccomp filters of some containers lack it.
    private static let hasOpenBeneath = Atomic(true)

    private static func open(beneath root: Int32, _ path: String, _ flags: Int32) -> Int32 {
        if hasOpenBeneath.load(ordering: .relaxed) {
            let descriptor = clinux_open_beneath(root, path, flags)
            // EPERM is a filter's answer, too; what the file says about itself is EACCES.
            guard descriptor < 0, errno == ENOSYS || errno == EPERM else { return descriptor }
            if errno == ENOSYS { hasOpenBeneath.store(false, ordering: .relaxed) }
        }
        return openComponents(beneath: root, path, flags)
    }

    /// The same promise without openat2(2): one component after the other, and no symbolic link at all.
    ///
    /// - Returns: a descriptor, or -1 with `errno`.
    static func openComponents(beneath root: Int32, _ path: String, _ flags: Int32) -> Int32 {
        var components = path.split(separator: "/")
        guard let name = components.popLast(), !components.contains(".."), name != ".." else {
            errno = EXDEV
            return -1
        }
        var folder = root
        defer { if folder != root { close(folder) } }
        for component in components {
            let inner = openat(folder, String(component), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
            if inner < 0 { return -1 }
            if folder != root { close(folder) }
            folder = inner
        }
        return openat(folder, String(name), flags | O_NOFOLLOW | O_CLOEXEC)
    }
}
