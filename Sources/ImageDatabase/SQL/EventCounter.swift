import CLinux
import Glibc

/// An eventfd(2): threads wait on it until other threads or tasks count it up.
final class EventCounter: Sendable {
    let descriptor: Int32

    /// - Parameter semaphore: each ``wait()`` takes one count instead of all.
    init(semaphore: Bool = false, blocking: Bool) throws(DatabaseError) {
        var flags = Int32(EFD_CLOEXEC)
        if semaphore { flags |= Int32(EFD_SEMAPHORE) }
        if !blocking { flags |= Int32(EFD_NONBLOCK) }
        descriptor = eventfd(0, flags)
        guard descriptor >= 0 else { throw .unavailable("eventfd: \(String(cString: strerror(errno)))") }
    }

    deinit { _ = Glibc.close(descriptor) }

    func signal() {
        var one: UInt64 = 1
        while write(descriptor, &one, 8) < 0 && errno == EINTR {}
    }

    /// Takes the count; waits for one if the counter is blocking.
    func wait() {
        var count: UInt64 = 0
        while read(descriptor, &count, 8) < 0 && errno == EINTR {}
    }

    /// Waits for a count without taking it, at most so long. True when there is one.
    func waits(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, milliseconds) > 0
    }
}
