public import ImageModel
public import NIOCore

/// A place that keeps images' data. One value serves one configured store for the whole life of the process.
///
/// Every driver passes the shared suite in Tests/ImageStoreTests (`StoreSuite`), against the real backend.
/// No method blocks the caller's thread. All throw ``StoreError``.
public protocol Store: Sendable {
    /// Id from `enabled_backends`; in single-store mode the driver's type.
    var id: String { get }
    /// Driver name: `file`, `http`, `rbd`, `s3`, `swift`, `cinder`, `vmware`.
    var type: String { get }
    var description: String? { get }
    /// Download preference, higher first.
    var weight: Int { get }
    /// Whether images can be added; false for `http`.
    var isReadOnly: Bool { get }
    /// URL schemes of locations that this driver reads.
    var schemes: Set<String> { get }
    /// Facts for `GET /v2/info/stores/detail`.
    var properties: [String: JSONValue] { get }

    /// Checks at start that the store can be used: directories, permissions, credentials.
    func prepare() async throws(StoreError)

    /// Starts writing an image. Nothing can be seen under the final name before ``StoreWriter/commit()``.
    ///
    /// - Parameters:
    ///   - uploadID: unique for this try; together with `imageID` it lets ``discard(imageID:uploadID:)`` find all that
    ///     a killed process left.
    ///   - expectedSize: bytes to come, where the client said it.
    func makeWriter(
        imageID: String, uploadID: String, expectedSize: Int64?
    ) async throws(StoreError) -> any StoreWriter

    /// Opens data for reading.
    ///
    /// - Parameter range: bytes wanted; nil is everything. The caller has checked it against the image's size. Where the
    ///   backend has no ranges the driver skips and cuts.
    func open(_ location: ImageLocation, range: Range<Int64>?) async throws(StoreError) -> StoreContent

    /// Bytes stored at a location.
    func size(of location: ImageLocation) async throws(StoreError) -> Int64

    /// Removes data. ``StoreError/notFound`` when there is none.
    func delete(_ location: ImageLocation) async throws(StoreError)

    /// Removes whatever an upload that did not reach ``StoreWriter/commit()``, or whose location was never recorded, has
    /// left. Not an error when there is nothing.
    func discard(imageID: String, uploadID: String) async throws(StoreError)
}

/// One image on its way into a store. Used by one task at a time.
public protocol StoreWriter: AnyObject, Sendable {
    /// Appends bytes. Returns when the driver can take more.
    func write(_ bytes: ByteBuffer) async throws(StoreError)
    /// Makes everything durable and then visible under the final name. After it returns the data survive a power cut.
    func commit() async throws(StoreError) -> ImageLocation
    /// Gives up and leaves nothing behind. May be called after a failed ``commit()``.
    func cancel() async
}

/// Data opened for reading.
public enum StoreContent: Sendable {
    /// A region of an open file that the HTTP server can hand to `sendfile(2)`. Who gets it closes the descriptor.
    case file(descriptor: Int32, region: Range<Int64>)
    /// Chunks as the backend delivers them, with back-pressure.
    case stream(size: Int64?, chunks: StoreChunks)
}

/// An asynchronous sequence of buffers with a type that fits every driver.
public struct StoreChunks: AsyncSequence, Sendable {
    public typealias Element = ByteBuffer
    private let make: @Sendable () -> AsyncIterator

    /// - Parameter next: gives the next buffer, nil at the end. Called by one task at a time.
    public init(_ make: @escaping @Sendable () -> (@Sendable () async throws -> ByteBuffer?)) {
        self.make = { AsyncIterator(source: make()) }
    }

    public func makeAsyncIterator() -> AsyncIterator { make() }

    public struct AsyncIterator: AsyncIteratorProtocol {
        let source: @Sendable () async throws -> ByteBuffer?

        public mutating func next() async throws -> ByteBuffer? { try await source() }
    }
}

/// What can go wrong in a store, in terms of the domain. Texts never hold credentials or location URLs.
public enum StoreError: Error, Sendable, Equatable {
    case notFound
    /// The final name is taken by data that a location refers to.
    case duplicate
    /// No space left, or a quota of the backend.
    case full
    /// The data cannot be removed: a clone or snapshot needs it.
    case inUse(String)
    /// Writing is not permitted or the driver is read-only.
    case readOnly
    case permissionDenied(String)
    /// The location's URL is not one of this driver's.
    case badLocation(String)
    /// Settings that cannot work; ends the start.
    case badConfiguration(String)
    /// The backend takes longer than its limit (503).
    case timeout
    /// Anything else the backend reports.
    case backend(String)
}
