public import ImageModel
public import JSON

/// A place that keeps images' data. One value serves one configured store for the whole life of the process.
///
/// Every driver passes the shared suite in Tests/ImageStoreTests (`StoreSuite`), against the real backend.
/// No method blocks the caller's thread. All throw ``StoreError``.
///
/// **Who may remove what.** Data are only removed by who holds the row that says so (an upload's record, a claim, a
/// location that is `pending_delete`), taken by a conditional update before. A holder may sleep past its time, though: its
/// machine is suspended, its process is stopped. So ``discard(_:context:)`` removes nothing but what that very upload has
/// written, and every removal looks at ``StoreContext/deadline`` as the last thing before it acts.
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

    /// Whether a location is this store's, as far as its URL tells. Asked only for URLs of one of ``schemes``, where the
    /// location names no store that is configured.
    func owns(_ location: ImageLocation) -> Bool

    /// Whether a client may say that an image is at a location of one of ``schemes``. Who knows a URL is not always who
    /// may have what the service's own credentials find there.
    func accepts(_ location: ImageLocation) -> Bool

    /// Checks that the store can be used, without changing anything: settings, permissions, credentials.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` for what cannot heal by itself, anything else for what may.
    func check() async throws(StoreError)

    /// Makes the store ready at the start of a process: creates what is missing, and tries what the driver relies on.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` for what cannot heal by itself, anything else for what may.
    func prepare() async throws(StoreError)

    /// Starts writing an image. Nothing can be seen under the final name before ``StoreWriter/commit()``.
    ///
    /// - Parameter expectedSize: bytes to come, where the client said it.
    /// - Throws: ``StoreError/duplicate`` when the image's final name is taken.
    func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter

    /// Opens data for reading.
    ///
    /// - Parameter range: bytes wanted; nil is everything. The caller has checked it against the image's size. Where the
    ///   backend has no ranges the driver skips and cuts.
    func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent

    /// Bytes stored at a location.
    func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64

    /// Removes data. ``StoreError/notFound`` when there is none, ``StoreError/readOnly`` when the driver cannot remove any,
    /// ``StoreError/tooLate`` when the context's deadline has passed.
    func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError)

    /// Removes whatever an upload has left whose location was never recorded, under a temporary name and under the image's
    /// final name. Data that another upload has put under the same final name stay: the driver keeps what tells them
    /// apart until ``settle(_:)``. Not an error when there is nothing.
    ///
    /// - Throws: ``StoreError/tooLate`` when the context's deadline has passed, ``StoreError/inUse(_:)`` while somebody
    ///   else discards the same upload; the caller tries again.
    func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError)

    /// Removes what lies under an image's final name though no upload of ours has put it there: what Python Glance leaves
    /// when it dies in the middle of an upload. The caller holds the image's record, and no location refers to the data.
    ///
    /// - Parameter minimumAge: how long ago the last byte must have been written.
    func discardForeign(imageID: String, minimumAge: Duration, context: StoreContext) async throws(StoreError)

    /// The upload's end is recorded: what the driver has kept to tell its data from those of another one goes. Never
    /// touches data under a final name.
    func settle(_ upload: StoreUpload) async throws(StoreError)

    /// What writers have left that are dead, or that died between the end of an upload and ``settle(_:)``. The caller
    /// settles those of which no record is there any more; the others are to be discarded by who takes their record.
    ///
    /// - Parameter minimumAge: how long ago the last byte must have been written, for backends that cannot tell a dead
    ///   writer of another host from a slow one.
    func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload]

    /// Says who else may read data, where the backend gives them to users directly. The caller tells it whenever that
    /// changes, and when the data are new.
    func share(_ location: ImageLocation, with readers: StoreReaders, context: StoreContext) async throws(StoreError)

    /// Ends connections and threads. Called once, when nothing uses the store any more.
    func shutdown() async
}

extension Store {
    /// Id from `enabled_backends`; in single-store mode the driver's type.
    public var id: String { identity.id }
    public var description: String? { identity.description }
    /// Download preference, higher first.
    public var weight: Int { identity.weight }

    public func accepts(_ location: ImageLocation) -> Bool { true }
    public func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {}
    public func settle(_ upload: StoreUpload) async throws(StoreError) {}
    public func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] { [] }
    public func share(
        _ location: ImageLocation, with readers: StoreReaders, context: StoreContext
    ) async throws(StoreError) {}
    public func shutdown() async {}
}
