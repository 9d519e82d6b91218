import Glibc

/// The exports that may be mounted, a line each: `host:/path`, and mount options if they are to be others than those that
/// Cinder tells. What is behind a `#` is a comment.
package struct ExportList: Equatable, Sendable {
    /// Options of each export; empty where the list has none.
    let exports: [String: String]

    package static let path = "/etc/glance/nfs-exports.conf"
    private static let limit = 1 << 20

    package var isEmpty: Bool { exports.isEmpty }

    /// Reads the list's text.
    package init(text: String) throws(MountRefusal) {
        var exports: [String: String] = [:]
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.map(String.init)
            guard let export = words.first else { continue }
            guard words.count <= 2, MountRequest.isExport(export) else {
                throw MountRefusal(.list, "line \(number + 1) of the list of exports is not host:/path [options]")
            }
            exports[export] = words.count == 2 ? words[1] : ""
        }
        self.exports = exports
    }

    /// Reads the list. Only root may be able to change it.
    package init(path: String) throws(MountRefusal) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw MountRefusal(
                .list, "\(path), the list of exports, cannot be read: \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == 0,
            status.st_mode & (S_IWGRP | S_IWOTH) == 0
        else { throw MountRefusal(.list, "\(path), the list of exports, must be a file that only root can change") }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 65536)
        while bytes.count <= Self.limit {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += block[..<count]
        }
        try self.init(text: String(decoding: bytes, as: UTF8.self))
    }
}
