public import ImageModel

/// A place that keeps images' data. One value serves one configured store for the whole life of the process.
///
/// Every driver passes the shared suite in Tests/ImageStoreTests (`StoreSuite`), against the real backend.
/// No method blocks the caller's thread. All throw ``StoreError``.
public protocol Store: Sendable {
    /// What the configuration says about the store, whatever its driver.
    var identity: StoreIdentity { get }
    /// Driver name: `file`, `http`, `rbd`, `s3`, `swift`, `cinder`, `vmware`.
    var type: String { get }
    /// Whether images can be added; false for `http`.
    var isReadOnly: Bool { get }
    /// URL schemes of locations that this driver reads.
    var schemes: Set<String> { get }
    /// Facts for `GET /v2/info/stores/detail`.
    var properties: [String: JSONValue] { get }

    /// Whether a location that names no store is this store's. Asked only for URLs of one of ``schemes``.
    func owns(_ location: ImageLocation) -> Bool

    /// Checks at start that the store can be used: directories, permissions, credentials.
    func prepare() async throws(StoreError)

    /// Starts writing an image. Nothing can be seen under the final name before ``StoreWriter/commit()``.
    ///
    /// - Parameters:
    ///   - uploadID: unique for this try; together with `imageID` it lets ``discard(imageID:uploadID:)`` find all that
    ///     a killed process left.
    ///   - expectedSize: bytes to come, where the client said it.
    /// - Throws: ``StoreError/duplicate`` when the image's final name is taken. If no location refers to those data, the
    ///   caller may ``discard(imageID:uploadID:)`` them and try again.
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

    /// Removes data. ``StoreError/notFound`` when there is none, ``StoreError/readOnly`` when the driver cannot remove any.
    func delete(_ location: ImageLocation) async throws(StoreError)

    /// Removes whatever an upload that did not reach ``StoreWriter/commit()``, or whose location was never recorded, has
    /// left: both what is under a temporary name and what is under the image's final name. Not an error when there is
    /// nothing.
    ///
    /// Only for images without a recorded location in this store.
    func discard(imageID: String, uploadID: String) async throws(StoreError)

    /// Removes what writers of dead processes left under temporary names, and says what that was. Never touches a final
    /// name, so it may run at any time beside uploads.
    ///
    /// - Parameter minimumAge: how long ago the last byte must have been written, for backends that cannot tell a dead
    ///   writer of another host from a slow one.
    func sweep(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload]

    /// Ends connections and threads. Called once, when nothing uses the store any more.
    func shutdown() async
}

extension Store {
    /// Id from `enabled_backends`; in single-store mode the driver's type.
    public var id: String { identity.id }
    public var description: String? { identity.description }
    /// Download preference, higher first.
    public var weight: Int { identity.weight }

    public func owns(_ location: ImageLocation) -> Bool { true }
    public func sweep(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] { [] }
    public func shutdown() async {}
}
