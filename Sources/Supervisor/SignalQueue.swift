import CLinux
import Glibc

/// Signals that are read instead of interrupting: signalfd(2).
struct SignalQueue {
    static let signals = [SIGCHLD, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU]

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
}
