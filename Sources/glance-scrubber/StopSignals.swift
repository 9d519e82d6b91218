import Glibc
import OsloLog
import Synchronization
import Threads

/// The signals of a daemon: TERM, INT and QUIT end it, HUP opens its log files anew.
final class StopSignals: Sendable {
    private struct State {
        var isStopped = false
        var waiting: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// To be made before any other thread exists: the signals are blocked for those that follow.
    init() {
        var set = Self.set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        do throws(ThreadError) {
            try DetachedThread.start("signals") { [self] in read() }
        } catch {
            // Then they do what they do in any process.
            pthread_sigmask(SIG_UNBLOCK, &set, nil)
        }
    }

    /// Returns when the daemon is to end. Once the work has begun to end, another signal ends it at once.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isStopped = state.withLock { state in
                if !state.isStopped { state.waiting = continuation }
                return state.isStopped
            }
            if isStopped { continuation.resume() }
        }
    }

    private static var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGTERM, SIGINT, SIGQUIT, SIGHUP] { sigaddset(&set, signal) }
        return set
    }

    private func read() {
        var set = Self.set
        var signal: Int32 = 0
        while sigwait(&set, &signal) == 0 {
            if signal == SIGHUP {
                OsloLog.reopen()
                continue
            }
            let (waiting, isSecond) = state.withLock { state in
                defer {
                    state.isStopped = true
                    state.waiting = nil
                }
                return (state.waiting, state.isStopped)
            }
            // Nobody waits: this is one run or a restore, which kill -9 could end just as well.
            if isSecond || waiting == nil { _exit(128 + signal) }
            waiting?.resume()
        }
    }
}
