import ImageStore
import Synchronization

/// The writers of this process by their uploads, so that a discard can make them let go of their image.
final class LiveUploads: Sendable {
    private struct Entry {
        weak var writer: RBDWriter?
    }

    private let entries = Mutex<[StoreUpload: Entry]>([:])

    func add(_ upload: StoreUpload, _ writer: RBDWriter) {
        entries.withLock { $0[upload] = Entry(writer: writer) }
    }

    func remove(_ upload: StoreUpload) {
        _ = entries.withLock { $0.removeValue(forKey: upload) }
    }

    /// Ends an upload whose data are being discarded.
    func abandon(_ upload: StoreUpload) async {
        let writer: RBDWriter? = entries.withLock { $0.removeValue(forKey: upload)?.writer }
        await writer?.abandon()
    }
}
