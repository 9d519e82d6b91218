import CLinux
import Glibc

/// An epoll(7) instance that watches sockets, each under a number of its owner's choice.
final class Poller: Sendable {
    private let descriptor: Int32

    init() throws(DatabaseError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .unavailable("epoll: \(String(cString: strerror(errno)))") }
    }

    deinit { _ = Glibc.close(descriptor) }

    func add(_ socket: Int32, _ id: Int) { control(EPOLL_CTL_ADD, socket, id, wantsWrite: false) }

    func change(_ socket: Int32, _ id: Int, wantsWrite: Bool) {
        control(EPOLL_CTL_MOD, socket, id, wantsWrite: wantsWrite)
    }

    func remove(_ socket: Int32) { control(EPOLL_CTL_DEL, socket, 0, wantsWrite: false) }

    /// Waits for events, at most so long (negative: for ever), and returns the numbers of the sockets that have some.
    func wait(milliseconds: Int32) -> [Int] {
        withUnsafeTemporaryAllocation(of: epoll_event.self, capacity: 64) { events in
            let count = epoll_wait(descriptor, events.baseAddress, Int32(events.count), milliseconds)
            return events.prefix(max(0, Int(count))).map { Int(clamping: $0.data.u64) }
        }
    }

    private func control(_ operation: Int32, _ socket: Int32, _ id: Int, wantsWrite: Bool) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLRDHUP.rawValue | (wantsWrite ? EPOLLOUT.rawValue : 0)
        event.data.u64 = UInt64(id)
        epoll_ctl(descriptor, operation, socket, &event)
    }
}
