import Glibc

/// Ends the process without the destructors of Ceph's libraries: these would run beside the libraries' threads, and wait for
/// a cluster that may be away.
enum ExitGuard {
    /// To be called when the libraries have been loaded: what is registered last runs first, so theirs have not run by then
    /// (atexit(3)).
    static func arm() { on_exit(end, nil) }

    private static let end: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Void = { status, _ in
        fflush(nil)
        _exit(status)
    }
}
