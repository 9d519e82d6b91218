import CLinux
import Glibc

/// A program that works on what strangers have made: under limits of its own, without a shell, an environment, descriptors
/// or privileges to gain, and dead as soon as this process is.
struct LimitedProcess {
    struct Limits {
        /// Seconds of processor time.
        var processor: UInt64
        /// Bytes of address space.
        var memory: UInt64
        /// Bytes of the largest file that it may write.
        var file: UInt64
    }

    struct Outcome: Equatable {
        var end: End
        var output: [UInt8]
        var errors: [UInt8]

        enum End: Equatable {
            case exit(Int32)
            case signal(Int32)
        }
    }

    /// What is kept of each of the two outputs; the rest is read and dropped.
    private static let outputLimit = 4 << 20

    /// Runs a program to its end. Blocks.
    ///
    /// - Parameter path: absolute.
    static func run(
        _ path: String, _ arguments: [String], _ limits: Limits, _ watch: PluginThreads.Watch
    ) throws(ImportPluginError) -> Outcome {
        var numbers = clinux_limits(
            processor_seconds: limits.processor, address_space: limits.memory, file_size: limits.file)
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var outputs: [Int32] = [-1, -1]
        let process = clinux_spawn_limited(path, words, &numbers, &outputs)
        guard process > 0 else {
            throw .conversionFailed("qemu-img cannot be run: \(String(cString: strerror(errno)))")
        }
        defer { for descriptor in outputs { close(descriptor) } }
        var outcome = Outcome(end: .exit(0), output: [], errors: [])
        var isOpen = (output: true, errors: true)
        var isKilled = false
        while isOpen.output || isOpen.errors {
            var polled = [
                pollfd(fd: isOpen.output ? outputs[0] : -1, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen.errors ? outputs[1] : -1, events: Int16(POLLIN), revents: 0),
            ]
            _ = poll(&polled, 2, 200)
            if watch.isCancelled && !isKilled {
                kill(process, SIGKILL)
                isKilled = true
            }
            if polled[0].revents != 0 { isOpen.output = read(outputs[0], into: &outcome.output) }
            if polled[1].revents != 0 { isOpen.errors = read(outputs[1], into: &outcome.errors) }
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        try watch.check()
        outcome.end = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
        return outcome
    }

    /// - Returns: whether there may be more.
    private static func read(_ descriptor: Int32, into bytes: inout [UInt8]) -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        guard count > 0 else { return count < 0 && errno == EINTR }
        bytes += buffer.prefix(min(count, outputLimit - bytes.count))
        return true
    }
}
