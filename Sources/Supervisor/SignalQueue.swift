import CLinux
import Glibc

/// Signals that are read instead of interrupting: signalfd(2).
struct SignalQueue {
    static let signals = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU, SIGUSR2]

    let descriptor: Int32

    /// Blocks the signals in the calling thread.
    init() throws(SupervisorError) {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in Self.signals { sigaddset(&set, signal) }
        pthread_sigmask(SIG_BLOCK, &set, nil)
        let opened = signalfd(-1, &set, Int32(SFD_CLOEXEC | SFD_NONBLOCK))
        guard opened >= 0 else { throw .system(call: "signalfd", errno: errno) }
        descriptor = try Descriptor.moveUp(opened)
    }

    /// The next signal that has come in.
    func next() -> Int32? {
        var info = signalfd_siginfo()
        let size = MemoryLayout<signalfd_siginfo>.size
        return read(descriptor, &info, size) == size ? Int32(info.ssi_signo) : nil
    }

    /// Sleeps; returns early, and says so, when a signal asks this process to end. Other signals go on waiting.
    func isEnded(within pause: Duration) -> Bool {
        var set = sigset_t()
        sigemptyset(&set)
        for signal in [SIGINT, SIGQUIT, SIGTERM] { sigaddset(&set, signal) }
        let (seconds, nanoseconds) = pause.nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        return sigtimedwait(&set, nil, &time) > 0
    }
}
