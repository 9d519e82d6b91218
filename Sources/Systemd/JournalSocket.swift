import CLinux
import Glibc

/// Hands entries to journald over its native socket (systemd.io/JOURNAL_NATIVE_PROTOCOL).
///
/// Each entry is addressed anew, so a journald that was restarted gets the next one without anything to be done.
public final class JournalSocket: Sendable {
    /// Where journald listens.
    public static let standardPath = "/run/systemd/journal/socket"

    /// What became of an entry.
    public enum Outcome: Sendable, Equatable {
        case sent
        /// journald doesn't keep up: the entry can be sent later.
        case full
        /// Nobody listens, or the entry can't be sent at all: the number is an `errno`.
        case failed(Int32)
    }

    /// The largest entry that journald takes through a memfd.
    private static let largest = 768 << 20

    private let descriptor: Int32
    private let address: sockaddr_un
    private let addressLength: socklen_t

    /// - Returns: `nil` when `path` can't be the path of a socket, or the process has no descriptor left.
    public init?(path: String = standardPath) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let fits = withUnsafeMutableBytes(of: &address.sun_path) { buffer in
            guard !path.isEmpty, path.utf8.count < buffer.count else { return false }
            buffer.copyBytes(from: path.utf8)
            return true
        }
        guard fits else { return nil }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        if descriptor < 0 { return nil }
        self.address = address
        addressLength = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + path.utf8.count + 1)
        // As sd_journal_send(3) does: entries up to this size go without a memfd, where the system allows so much.
        var size: Int32 = 8 << 20
        _ = setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit { close(descriptor) }

    /// Whether somebody listens there.
    public static func isPresent(path: String = standardPath) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFSOCK
    }

    /// Sends an entry.
    ///
    /// - Parameters:
    ///   - entry: ``JournalEntry/bytes``.
    ///   - waits: whether to wait for a journald that doesn't keep up, rather than say ``Outcome/full``.
    public func send(_ entry: [UInt8], waits: Bool = false) -> Outcome {
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        return withAddress { address in
            while sendto(descriptor, entry, entry.count, flags, address, addressLength) < 0 {
                switch errno {
                case EINTR: continue
                case EAGAIN: return .full
                case EMSGSIZE, ENOBUFS: return sendSealed(entry, flags, address)
                default: return .failed(errno)
                }
            }
            return .sent
        }
    }

    /// An entry that is too large for a datagram goes as a sealed file in memory.
    private func sendSealed(_ entry: [UInt8], _ flags: Int32, _ address: UnsafePointer<sockaddr>) -> Outcome {
        if entry.count > Self.largest { return .failed(EMSGSIZE) }
        let file = clinux_sealed_memfd("journal-entry", entry, entry.count)
        if file < 0 { return .failed(errno) }
        defer { close(file) }
        while clinux_send_descriptor(descriptor, address, addressLength, file, flags) < 0 {
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS: return .full
            default: return .failed(errno)
            }
        }
        return .sent
    }

    private func withAddress<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        withUnsafePointer(to: address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) }
        }
    }
}
