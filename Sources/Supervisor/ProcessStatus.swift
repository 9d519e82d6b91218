import Glibc

/// How a process has ended (wait(2)).
enum ProcessStatus: Equatable, CustomStringConvertible {
    case exited(Int32)
    case killed(signal: Int32)

    init(_ status: Int32) {
        let signal = status & 0x7f
        self = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal)
    }

    var description: String {
        switch self {
        case .exited(let status): "exit status \(status)"
        case .killed(let signal): "signal \(signal) (\(String(cString: strsignal(signal))))"
        }
    }
}

/// Whether a debugger holds a process, so that its silence means nothing (proc(5), state t). One that was just stopped by
/// a signal (state T) serves nobody, and is no exception.
func isDebugged(_ process: pid_t) -> Bool {
    let file = open("/proc/\(process)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return false }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = read(file, &bytes, bytes.count)
    // The name of the program stands in parentheses, and can have any character.
    guard count > 0, let end = bytes.prefix(count).lastIndex(of: UInt8(ascii: ")")), end + 2 < count else {
        return false
    }
    return bytes[end + 2] == UInt8(ascii: "t")
}
