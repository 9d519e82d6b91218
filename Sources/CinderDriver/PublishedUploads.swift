import ImageStore
import Synchronization

/// The complete uploads of this process whose end is not recorded yet.
final class PublishedUploads: Sendable {
    private let contexts = Mutex<[StoreUpload: StoreContext]>([:])

    func add(_ upload: StoreUpload, _ context: StoreContext) { contexts.withLock { $0[upload] = context } }

    func remove(_ upload: StoreUpload) -> StoreContext? { contexts.withLock { $0.removeValue(forKey: upload) } }
}
