import ImageStore
import Synchronization

/// The uploads that this process writes just now.
final class LiveUploads: Sendable {
    private struct Entry {
        weak var writer: CinderWriter?
    }

    private let entries = Mutex<[StoreUpload: Entry]>([:])

    func add(_ writer: CinderWriter, _ upload: StoreUpload) {
        entries.withLock { entries in
            entries = entries.filter { $0.value.writer != nil }
            entries[upload] = Entry(writer: writer)
        }
    }

    func writer(_ upload: StoreUpload) -> CinderWriter? { entries.withLock { $0[upload]?.writer } }
}
