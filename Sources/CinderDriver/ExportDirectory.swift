import CLinux
import Glibc

/// The root of an NFS export that is mounted. The last one who lets go of it unmounts the export, if it was mounted for this
/// process.
final class ExportDirectory: Sendable {
    /// For openat(2) only.
    let descriptor: Int32
    /// Runs what may block.
    private let run: @Sendable (@escaping @Sendable () -> Void) -> Void

    static let pathOnly = clinux_path_only

    init(_ descriptor: Int32, run: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.descriptor = descriptor
        self.run = run
    }

    deinit {
        let descriptor = descriptor
        run { close(descriptor) }
    }
}
