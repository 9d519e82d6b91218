import Glibc

/// A thread for calls that block, outside of Swift's cooperative pool. Nobody waits for its end.
public enum DetachedThread {
    private final class Start: Sendable {
        let name: String
        let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Starts `body`. The name, for tools such as top, has at most 15 bytes (proc_pid_comm(5)).
    ///
    /// - Throws: ``ThreadError`` when the system has no thread left.
    public static func start(_ name: String, _ body: @escaping @Sendable () -> Void) throws(ThreadError) {
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name, body))
        let status = pthread_create(&thread, nil, run, start.toOpaque())
        guard status == 0 else {
            start.release()
            throw ThreadError(code: status)
        }
        pthread_detach(thread)
    }

    private static let run: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = { argument in
        guard let argument else { return nil }
        let start = Unmanaged<Start>.fromOpaque(argument).takeRetainedValue()
        setName(start.name)
        start.body()
        return nil
    }

    private static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }
}
