import CLinux
import Glibc

/// mount.nfs(8), which knows how to talk to servers of all versions.
struct MountProgram {
    let path: String
    /// Seconds after which a mount is given up.
    let timeLimit: Int

    private static let outputLimit = 4096

    /// Whether it can be run.
    func check() throws(MountRefusal) {
        guard access(path, X_OK) == 0 else {
            throw MountRefusal(
                .program, "\(path) is not there: install nfs-common (Debian, Ubuntu) or nfs-utils (RHEL)")
        }
    }

    /// Mounts an export on a directory. Blocks.
    func mount(_ export: String, on directory: String, options: String) throws(MountRefusal) {
        try check()
        var limits = clinux_limits(processor_seconds: 30, address_space: 1 << 30, file_size: 1 << 20)
        // Without a note of the mount (-n), of which nobody else will know.
        let arguments: [String] = [path, export, directory, "-n", "-o", options]
        let words = arguments.map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var outputs: [Int32] = [-1, -1]
        let process = clinux_spawn_limited(path, words, &limits, &outputs)
        guard process > 0 else {
            throw MountRefusal(.program, "\(path) cannot be run: \(String(cString: strerror(errno)))")
        }
        defer { for descriptor in outputs { close(descriptor) } }
        let (output, isOver) = read(outputs)
        if isOver { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        guard !isOver else {
            throw MountRefusal(.failed, "\(export) was not mounted within \(timeLimit) seconds")
        }
        guard status == 0 else {
            throw MountRefusal(.failed, "\(export) cannot be mounted: \(output.isEmpty ? "\(path) failed" : output)")
        }
    }

    /// What the program says, to the end of both outputs.
    private func read(_ outputs: [Int32]) -> (text: String, isOver: Bool) {
        let end = ContinuousClock.now + .seconds(timeLimit)
        var bytes: [UInt8] = []
        var open = outputs
        while !open.isEmpty {
            let left = (end - ContinuousClock.now).components.seconds
            guard left >= 0 else { return (Self.text(bytes), true) }
            var polled = open.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            _ = poll(&polled, nfds_t(polled.count), Int32(left + 1) * 1000)
            for entry in polled where entry.revents != 0 {
                var block = [UInt8](repeating: 0, count: Self.outputLimit)
                let count = Glibc.read(entry.fd, &block, block.count)
                if count > 0 {
                    bytes += block.prefix(min(count, Self.outputLimit - bytes.count))
                } else if count == 0 || errno != EINTR {
                    open.removeAll { $0 == entry.fd }
                }
            }
        }
        return (Self.text(bytes), false)
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self).split { $0.isNewline }.joined(separator: " ")
    }
}
