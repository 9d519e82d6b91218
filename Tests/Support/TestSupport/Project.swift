import Foundation

/// Where the project's files and the executables under test are.
public enum Project {
    /// The root of the source tree.
    public static let root: String = {
        var url = URL(filePath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.path(percentEncoded: false).removingTrailingSlash
    }()

    /// A starter or command of `Tests/Support`.
    public static func support(_ name: String) -> String { root + "/Tests/Support/" + name }

    /// `glance-scrubber`: `GLANCE_SCRUBBER`, or what was built beside the tests.
    public static let scrubber = executable("glance-scrubber", variable: "GLANCE_SCRUBBER")

    /// `glance-mount`: `GLANCE_MOUNT`, or what was built beside the tests.
    public static let mountHelper = executable("glance-mount", variable: "GLANCE_MOUNT")

    /// `glance-cache-manage`: `GLANCE_CACHE_MANAGE`, or what was built beside the tests.
    public static let cacheManage = executable("glance-cache-manage", variable: "GLANCE_CACHE_MANAGE")

    /// An executable of ours: named by `variable`, or else built beside the running program.
    static func executable(_ name: String, variable: String) -> String {
        if let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty { return path }
        let running = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let beside = running.appending(path: name).path(percentEncoded: false)
        if FileManager.default.isExecutableFile(atPath: beside) { return beside }
        return root + "/.build/debug/" + name
    }
}

extension String {
    fileprivate var removingTrailingSlash: String { count > 1 && hasSuffix("/") ? String(dropLast()) : self }
}
