import Glibc
import Processes

/// Which process has attached a volume, in the text that Cinder keeps for the place where it is attached:
/// `glance_store/HOST/BOOT/NAMESPACE/PROCESS/START`. By this an attachment of a process that was killed is told from others.
///
/// `host_name`, which Cinder keeps as well, is shown to administrators and services only.
struct AttachmentOwner: Equatable, Sendable {
    /// Of the machine; Cinder, too, knows machines by it.
    let host: String
    let process: ProcessIdentity

    private static let prefix = "glance_store"

    static let current = AttachmentOwner(host: hostName, process: .current())

    /// The name of this machine.
    static let hostName: String = {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }()

    init(host: String, process: ProcessIdentity) {
        self.host = host
        self.process = process
    }

    /// Nil for attachments of somebody else, such as Python's Glance.
    init?(text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 6, parts[0] == Self.prefix, !parts.contains(where: \.isEmpty),
            let number = Int32(parts[4]), number > 0, let start = Int64(parts[5])
        else { return nil }
        self.init(
            host: parts[1],
            process: ProcessIdentity(host: "\(parts[2])/\(parts[3])", pid: number, startTime: start))
    }

    /// Not longer than what Cinder keeps, 255 bytes.
    var text: String {
        "\(Self.prefix)/\(host.prefix(128))/\(process.host)/\(process.pid)/\(process.startTime)"
    }

    /// Whether that process is certainly gone: it was on this machine, and before its last start or in the same namespace.
    var isGone: Bool {
        let here = Self.current
        guard host == String(here.host.prefix(128)) else { return false }
        return process.boot != here.process.boot || process.isAlive(seenBy: here.process) == false
    }
}
