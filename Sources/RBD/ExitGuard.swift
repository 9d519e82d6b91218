import Glibc
import Threads

/// Lets the process end also when a cluster is away: the destructors of Ceph's libraries, which run at the exit, wait for answers
/// that may never come.
enum ExitGuard {
    /// Seconds that the destructors may take. All that matters is over before.
    private static let patience: UInt32 = 3

    /// To be called when the libraries have been loaded: what is registered last runs first.
    static func arm() { on_exit(begin, nil) }

    private static let begin: @convention(c) (Int32, UnsafeMutableRawPointer?) -> Void = { status, _ in
        fflush(nil)
        do throws(ThreadError) {
            try DetachedThread.start("exit") {
                var rest = patience
                while rest > 0 { rest = sleep(rest) }
                _exit(status)
            }
        } catch {
            _exit(status)
        }
    }
}
