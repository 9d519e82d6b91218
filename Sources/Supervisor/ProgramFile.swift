import Glibc

/// Where this program stands on disk, and where its next version will.
struct ProgramFile {
    /// The name by which it was started, not what that led to: with an upgrade a symbolic link may lead elsewhere.
    let path: String

    /// - Parameters:
    ///   - name: `argv[0]`.
    ///   - searchPath: `PATH`.
    init(name: String, searchPath: String?) {
        let candidates =
            name.contains("/")
            ? [name.hasPrefix("/") ? name : Self.workingDirectory + "/" + name]
            : (searchPath ?? "").split(separator: ":").map { "\($0)/\(name)" }
        path = candidates.first(where: Self.isThisProgram) ?? Self.own
    }

    /// Turns this process into the program that stands there now.
    ///
    /// - Returns: only if that is impossible: the reason.
    func execute(_ arguments: [String], environment: [String: String]) -> String {
        withPointers(to: arguments) { arguments in
            withPointers(to: environment.map { "\($0.key)=\($0.value)" }) { environment in
                _ = execve(path, arguments, environment)
                return String(cString: strerror(errno))
            }
        }
    }

    private static func isThisProgram(_ path: String) -> Bool {
        var (there, here) = (stat(), stat())
        return stat(path, &there) == 0 && stat("/proc/self/exe", &here) == 0 && there.st_dev == here.st_dev
            && there.st_ino == here.st_ino
    }

    private static var own: String {
        var bytes = [UInt8](repeating: 0, count: Int(PATH_MAX))
        let count = bytes.withUnsafeMutableBytes {
            readlink("/proc/self/exe", $0.bindMemory(to: CChar.self).baseAddress!, $0.count)
        }
        let path = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }

    private static var workingDirectory: String {
        guard let name = getcwd(nil, 0) else { return "" }
        defer { free(name) }
        return String(cString: name)
    }
}

/// Calls `body` with C strings and the null pointer that ends a list of arguments or variables.
func withPointers<Result>(to strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result) -> Result {
    let copies = strings.map { strdup($0) }
    defer { for copy in copies { free(copy) } }
    return body(copies + [nil])
}
