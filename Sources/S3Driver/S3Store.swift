public import ImageModel
public import ImageStore
public import JSON
import NIOCore
import NIOPosix
import OsloConfig
import OutgoingHTTP
import TextCoding

/// The driver `s3`: each image is an object named by its id in one bucket.
///
/// URLs, names and data are those of Python Glance, which may have filled the same bucket before. What tells an upload's data
/// from those of another one are a field of the object, ``S3Names/ownerHeader``, and the upload's marker, an object of its own
/// that goes when the upload's end is recorded.
public struct S3Store: Store {
    public let identity: StoreIdentity
    public let type = "s3"
    public let isReadOnly = false
    public let schemes = S3Location.schemes
    let settings: S3Settings
    let client: S3Client
    let budget: TransferBudget

    /// - Parameters:
    ///   - eventLoopGroup: where connections live; nil is NIO's shared group.
    ///   - clock: this machine's.
    /// - Throws: ``StoreError/badConfiguration(_:)`` with the option and what is wrong.
    init(
        identity: StoreIdentity, settings: S3Settings, eventLoopGroup: (any EventLoopGroup)? = nil,
        budget: TransferBudget = .shared, clock: @escaping @Sendable () -> Timestamp = { .now }
    ) throws(StoreError) {
        self.identity = identity
        self.settings = settings
        self.budget = budget
        guard let credentials = settings.credentials.load() else {
            throw .badConfiguration("store \(identity.id): s3_store_access_key: there are no credentials")
        }
        var tls = TLSSettings()
        tls.caFile = settings.certificateAuthorities
        let loaded: LoadedTLS
        do throws(OutgoingHTTPError) {
            loaded = try LoadedTLS(tls)
        } catch {
            throw .badConfiguration("store \(identity.id): s3_store_cacert: \(error)")
        }
        var http = OutgoingHTTPSettings()
        // What limits their number are the budget of parts and the service's own clients.
        http.connectionsPerServer = 1024
        client = S3Client(
            settings: settings, credentials: credentials,
            http: OutgoingHTTPClient(
                http, tls: loaded, eventLoopGroup: eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton),
            clock: clock)
    }

    var bucket: S3Bucket { S3Bucket(client: client, name: settings.bucket) }

    public var properties: [String: JSONValue] {
        [
            "s3_store_large_object_size": .integer(settings.largeObjectSize),
            "s3_store_large_object_chunk_size": .integer(Int64(settings.partSize)),
            "s3_store_thread_pools": .integer(Int64(settings.partsInFlight)),
        ]
    }

    public func owns(_ location: ImageLocation) -> Bool {
        guard let url = S3Location(location.url) else { return false }
        return url.bucket == settings.bucket
            && url.service.lowercased() == (settings.endpoint.authority + settings.endpoint.prefix).lowercased()
    }

    public func check() async throws(StoreError) {
        do throws(S3Failure) {
            try await bucket.requireBucket()
        } catch {
            guard error.isNotFound else { throw error.storeError }
            guard !settings.createsBucket else { return }
            throw .badConfiguration(
                "store \(id): s3_store_bucket: the bucket does not exist, and s3_store_create_bucket_on_put is not set")
        }
    }

    /// Creates the bucket where the options say so.
    ///
    /// - Throws: errors that are outages only, ``StoreError/isOutage``: a bucket may be made while the service runs.
    public func prepare() async throws(StoreError) {
        do throws(S3Failure) {
            try await bucket.requireBucket()
        } catch {
            guard error.isNotFound else { throw error.storeError }
            guard settings.createsBucket else { throw .backend("the bucket does not exist") }
            try await createBucket()
        }
    }

    private func createBucket() async throws(StoreError) {
        do throws(S3Failure) {
            try await bucket.create(in: settings.namesRegion ? settings.region : nil)
        } catch {
            guard error.storeError.isOutage else { throw .backend("the bucket cannot be created: \(error.storeError)") }
            throw error.storeError
        }
    }

    // MARK: Reading

    /// Bucket and key of a location. Like Glance, the store reads them from its own service, whatever service the URL names.
    private func place(of location: ImageLocation) throws(StoreError) -> (bucket: S3Bucket, key: String) {
        guard let url = S3Location(location.url) else {
            throw .badLocation("the location is not of the form s3://host/bucket/key")
        }
        return (S3Bucket(client: client, name: url.bucket), url.key)
    }

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let (bucket, key) = try place(of: location)
        if let range, range.isEmpty { return .stream(size: 0, chunks: StoreChunks { { nil } }) }
        let response: OutgoingResponse
        do throws(S3Failure) {
            response = try await bucket.open(key, range: range)
        } catch {
            if case .refused(416, _) = error { throw .backend("the object is shorter than the range that was wanted") }
            throw error.storeError
        }
        let bytes: Range<Int64>
        if let range {
            guard response.status == .partialContent, response.contentRange == range else {
                throw .backend("the S3 service sends other bytes than those that were asked for")
            }
            bytes = range
        } else {
            guard let size = response.contentLength else {
                throw .backend("the S3 service does not tell the object's size")
            }
            bytes = 0..<size
        }
        let body = S3Body(response, bucket: bucket, key: key, range: bytes)
        return .stream(size: Int64(bytes.count), chunks: StoreChunks { { try await body.next() } })
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        let (bucket, key) = try place(of: location)
        return try await head(key, in: bucket).size
    }

    /// HEAD does not tell a missing bucket from a missing object; only one of them is the loss of an image.
    private func head(_ key: String, in bucket: S3Bucket) async throws(StoreError) -> S3Bucket.Object {
        do throws(S3Failure) {
            do throws(S3Failure) {
                return try await bucket.head(key)
            } catch {
                guard error.isNotFound else { throw error }
            }
            try await bucket.requireBucket()
        } catch {
            throw error.isNotFound ? .backend("the bucket does not exist") : error.storeError
        }
        throw .notFound
    }

    // MARK: Writing

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        try S3Names.require(upload)
        do throws(S3Failure) {
            if try await bucket.headIfThere(upload.imageID) != nil { throw .refused(status: 412, code: "") }
            do throws(S3Failure) {
                try await bucket.put(S3Names.marker(upload), owner: upload.uploadID)
            } catch {
                guard error.has(code: "NoSuchBucket"), settings.createsBucket else { throw error }
                try await bucket.create(in: settings.namesRegion ? settings.region : nil)
                try await bucket.put(S3Names.marker(upload), owner: upload.uploadID)
            }
        } catch {
            throw error.storeError
        }
        return S3Writer(upload, expectedSize: expectedSize, store: self)
    }

    /// The location of a complete object.
    func location(of imageID: String) -> ImageLocation {
        identity.location(url: S3Location(endpoint: settings.endpoint, bucket: settings.bucket, key: imageID).url)
    }

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let (bucket, key) = try place(of: location)
        let object = try await head(key, in: bucket)
        try context.requireTime()
        do throws(S3Failure) {
            try await bucket.delete(key, tag: object.tag)
        } catch {
            throw error.storeError
        }
    }

    public func shutdown() async { await client.shutdown() }
}

extension StoreDriver {
    /// The driver `s3`.
    public static let s3 = StoreDriver(name: "s3", schemes: S3Location.schemes) { setup throws(StoreError) in
        try S3Store(
            identity: setup.identity,
            settings: try S3Settings(configuration: setup.configuration, store: setup.identity.id),
            eventLoopGroup: setup.eventLoopGroup)
    }
}
