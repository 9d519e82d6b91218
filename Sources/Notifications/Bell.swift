import CLinux
import Glibc

/// Wakes a thread that waits for this or for a socket.
final class Bell: Sendable {
    /// -1 when the system has no descriptor left: then waits end by their time.
    private let descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))

    deinit { if descriptor >= 0 { close(descriptor) } }

    func ring() { _ = eventfd_write(descriptor, 1) }

    /// Blocks until it rings, the socket has something to say, or the time is over.
    ///
    /// - Parameter milliseconds: -1 is without end.
    func wait(alongside socket: Int32? = nil, milliseconds: Int32) {
        var descriptors = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
        if let socket, socket >= 0 { descriptors.append(pollfd(fd: socket, events: Int16(POLLIN), revents: 0)) }
        _ = poll(&descriptors, nfds_t(descriptors.count), descriptor < 0 && milliseconds < 0 ? 1000 : milliseconds)
        var count: eventfd_t = 0
        _ = eventfd_read(descriptor, &count)
    }
}
