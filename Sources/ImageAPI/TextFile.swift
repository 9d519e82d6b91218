import Glibc

/// Small files that are read whole, at the start.
enum TextFile {
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// - Returns: nil when there is no such file.
    /// - Throws: ``FileError`` when it cannot be read or is not UTF-8.
    static func read(_ path: String) throws(FileError) -> String? {
        guard let file = fopen(path, "re") else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw FileError(path: path, reason: String(cString: strerror(errno)))
        }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            bytes += chunk[..<count]
            if count < chunk.count { break }
        }
        guard ferror(file) == 0 else { throw FileError(path: path, reason: "cannot be read") }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw FileError(path: path, reason: "is not UTF-8")
        }
        return text
    }

    struct FileError: Error, CustomStringConvertible {
        let path: String
        let reason: String

        var description: String { "\(path): \(reason)" }
    }
}
