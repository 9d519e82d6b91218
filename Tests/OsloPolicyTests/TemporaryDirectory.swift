import FoundationEssentials
import Glibc

/// A directory that vanishes with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        var template = Array("/tmp/policy-test-XXXXXX".utf8CString)
        path = mkdtemp(&template).map { String(cString: $0) } ?? "/nonexistent"
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes `text` to the file `name` and returns its path.
    @discardableResult
    func write(_ name: String, _ text: String) -> String {
        let file = fopen(path + "/" + name, "w")
        fputs(text, file)
        fclose(file)
        return path + "/" + name
    }

    func remove(_ name: String) { unlink(path + "/" + name) }

    func makeDirectory(_ name: String) -> String {
        mkdir(path + "/" + name, 0o755)
        return path + "/" + name
    }
}
