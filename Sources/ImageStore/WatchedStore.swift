import Events
import ImageModel
import Logging
import NIOCore

/// A store whose outages are told once, and their ends too, however many requests meet them.
struct WatchedStore: StoreDecorator {
    let store: any Store
    let logger: Logger
    private let outage = Outage()

    init(_ store: any Store, logger: Logger) {
        self.store = store
        self.logger = logger
    }

    /// A backend that is away keeps no process from its start: its images are served when it is back. Directories do not come
    /// back by themselves.
    func prepare() async throws(StoreError) {
        guard store.type != "file" else { return try await store.prepare() }
        do throws(StoreError) {
            try await watching { () throws(StoreError) in try await store.prepare() }
        } catch {
            guard error.isOutage else { throw error }
        }
    }

    func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        try await watching { () throws(StoreError) in
            WatchedWriter(
                writer: try await store.makeWriter(for: upload, expectedSize: expectedSize, context: context),
                store: self)
        }
    }

    func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        try await watching { () throws(StoreError) in
            try await store.open(location, range: range, context: context)
        }
    }

    func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        try await watching { () throws(StoreError) in try await store.size(of: location, context: context) }
    }

    func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        try await watching { () throws(StoreError) in try await store.delete(location, context: context) }
    }

    func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        try await watching { () throws(StoreError) in try await store.discard(upload, context: context) }
    }

    func discardForeign(imageID: String, minimumAge: Duration, context: StoreContext) async throws(StoreError) {
        try await watching { () throws(StoreError) in
            try await store.discardForeign(imageID: imageID, minimumAge: minimumAge, context: context)
        }
    }

    func settle(_ upload: StoreUpload) async throws(StoreError) {
        try await watching { () throws(StoreError) in try await store.settle(upload) }
    }

    func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        try await watching { () throws(StoreError) in try await store.leftovers(minimumAge: minimumAge) }
    }

    fileprivate func watching<Value>(_ work: () async throws(StoreError) -> Value) async throws(StoreError) -> Value {
        let attempt = outage.attempt
        do {
            let value = try await work()
            note(nil, attempt)
            return value
        } catch {
            note(error, attempt)
            throw error
        }
    }

    private func note(_ error: StoreError?, _ attempt: Outage.Attempt) {
        if let error, error.isOutage {
            guard outage.begins(with: attempt) else { return }
            logger.log(
                .storeUnavailable, level: .error, "The store cannot be used",
                metadata: ["store": .string(id), "error": "\(error)"])
        } else if outage.ends(with: attempt) {
            logger.log(.storeBack, level: .notice, "The store can be used again", metadata: ["store": .string(id)])
        }
    }
}

/// A writer whose failures count for its store.
private final class WatchedWriter: StoreWriter {
    private let writer: any StoreWriter
    private let store: WatchedStore

    init(writer: any StoreWriter, store: WatchedStore) {
        self.writer = writer
        self.store = store
    }

    func write(_ buffers: [ByteBuffer]) async throws(StoreError) {
        try await store.watching { () throws(StoreError) in try await writer.write(buffers) }
    }

    func copy(
        _ location: ImageLocation, of source: any Store, progress: @escaping @Sendable (Int) -> Void
    ) async throws(StoreError) -> Int64? {
        try await store.watching { () throws(StoreError) in
            try await writer.copy(location, of: source, progress: progress)
        }
    }

    func commit() async throws(StoreError) -> ImageLocation {
        try await store.watching { () throws(StoreError) in try await writer.commit() }
    }

    func cancel() async { await writer.cancel() }
}
