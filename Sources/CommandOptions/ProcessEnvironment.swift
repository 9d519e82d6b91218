import Glibc

/// The environment that the process was started with.
public enum ProcessEnvironment {
    /// Values by names. To be read before other threads exist, which could change it (environ(7)).
    public static var variables: [String: String] {
        var result: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return result
    }
}
