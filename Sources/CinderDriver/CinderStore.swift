package import ImageModel
public import ImageStore
package import JSON
package import Logging
package import NIOCore
import NIOPosix
import TextCoding

/// The driver `cinder`: each image is a volume, of the store's own account or of the user who has uploaded it.
///
/// A volume is known by its id, which no other one ever has. So what tells an upload's data from others' is a key in the
/// volume's metadata, ``uploadKey``, until the upload's end is recorded.
package struct CinderStore: Store {
    package let identity: StoreIdentity
    package let type = "cinder"
    package let isReadOnly = false
    package let schemes: Set<String> = [CinderLocation.scheme]
    private let settings: CinderSettings
    private let client: CinderClient
    private let readers: VolumeReaders
    /// Uploads of this process that are complete, with the one whose volumes they are: a user's token is known only as long
    /// as the request.
    private let published = PublishedUploads()
    private let live = LiveUploads()
    private let exports: NFSExports

    /// In the metadata of a volume whose upload's end is not recorded: the upload's id.
    static let uploadKey = "glance_upload_id"

    /// - Throws: ``StoreError/badConfiguration(_:)``.
    package init(
        identity: StoreIdentity, settings: CinderSettings, eventLoopGroup: (any EventLoopGroup)? = nil, logger: Logger
    ) throws(StoreError) {
        self.identity = identity
        self.settings = settings
        exports = NFSExports(settings, logger: logger)
        readers = VolumeReaders(patience: settings.stateTimeout)
        client = try CinderClient(
            settings: settings, store: identity.id,
            eventLoopGroup: eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    package var properties: [String: JSONValue] {
        ["volume_type": settings.volumeType.map { .string($0) } ?? .null, "use_multipath": false]
    }

    package func owns(_ location: ImageLocation) -> Bool {
        guard let location = try? CinderLocation(url: location.url) else { return false }
        return location.store == nil || location.store == id
    }

    private func volumes(_ context: StoreContext) -> Volumes {
        Volumes(client: client, settings: settings, exports: exports, context: context)
    }

    // MARK: Beginning and end

    package func check() async throws(StoreError) {
        try await BlockingPool().run { [settings] () throws(StoreError) in try NFSExports.check(settings) }
        // Without an account of its own there is nobody to ask for before the first request.
        guard client.hasAccount else { return }
        let answer = try await translating { () async throws(CinderError) in
            try await client.call(.GET, "/types", context: .service)
        }
        guard let wanted = settings.volumeType else { return }
        let names = (answer?["volume_types"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        guard names.contains(wanted) else {
            throw .badConfiguration("store \(id): cinder_volume_type: Cinder has no volume type '\(wanted)'")
        }
    }

    package func prepare() async throws(StoreError) { try await check() }

    package func shutdown() async {
        await readers.shutdown()
        await exports.shutdown()
        await client.shutdown()
    }

    // MARK: Reading

    package func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let (volume, volumes) = try await volume(location, context)
        let region = range ?? 0..<volume.imageSize
        guard region.upperBound <= volume.imageSize else {
            throw .backend(
                "the image's volume has \(volume.imageSize) bytes of it, and the bytes \(region) were wanted")
        }
        guard !region.isEmpty else { return .stream(size: 0, chunks: StoreChunks { { nil } }) }
        let connection = try await readers.open(volume, volumes)
        let reader = VolumeReader(connection, region) { [readers] in Task { await readers.release(volume.id) } }
        return .stream(size: Int64(region.count), chunks: StoreChunks { { try await reader.next() } })
    }

    package func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        try await volume(location, context).0.imageSize
    }

    private func volume(
        _ location: ImageLocation, _ context: StoreContext
    ) async throws(StoreError) -> (Volume, Volumes) {
        let id = try CinderLocation(url: location.url).volumeID
        let volumes = volumes(context)
        let volume = try await translating { () async throws(CinderError) in try await volumes.get(id) }
        // Volumes that are no images' are nobody's business here.
        guard volume.metadata["glance_image_id"] != nil else { throw .notFound }
        return (volume, volumes)
    }

    // MARK: Writing

    package func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in a volume's name")
        }
        let volumes = volumes(context)
        let name = Self.name(upload.imageID)
        let created = try await translating { () async throws(CinderError) -> Volume? in
            guard try await volumes.list(name: name).isEmpty else { return nil }
            return try await volumes.create(
                name: "\(name).\(upload.uploadID)",
                size: max(1, ((expectedSize ?? 0) + Volume.gibibyte - 1) / Volume.gibibyte),
                metadata: [
                    "glance_image_id": upload.imageID, "image_size": "\(expectedSize ?? 0)",
                    "image_owner": context.user?.projectID ?? "", Self.uploadKey: upload.uploadID,
                ])
        }
        guard let created else { throw .duplicate }
        do throws(StoreError) {
            let volume = try await volumes.wait(for: "available", of: created.id, while: ["creating"])
            let connection = try await ConnectedVolume.attach(volume, .writing, volumes)
            let writer = CinderWriter(
                connection, volume: volume, upload: upload, expectedSize: expectedSize, store: self, volumes: volumes)
            live.add(writer, upload)
            return writer
        } catch {
            try? await remove(upload, volumes: volumes)
            throw error
        }
    }

    func location(ofVolume id: String) -> ImageLocation {
        identity.location(url: CinderLocation.url(ofVolume: id, in: identity))
    }

    /// Makes a volume the image's. It is free and complete.
    ///
    /// - Throws: ``StoreError/duplicate`` when another one is.
    func publish(_ upload: StoreUpload, volume id: String, size: Int64, volumes: Volumes) async throws(StoreError) {
        let name = Self.name(upload.imageID)
        let others = try await translating { () async throws(CinderError) in
            try await volumes.set(["image_size": "\(size)"], of: id)
            try await volumes.setReadOnly(id)
            try await volumes.rename(id, to: name)
            // Names are not unique: who finds another one gives way.
            return try await volumes.list(name: name).filter { $0.id != id }
        }
        guard others.isEmpty else { throw .duplicate }
        published.add(upload, volumes.context)
    }

    private static func name(_ imageID: String) -> String { "image-\(imageID)" }
    // MARK: Removing

    package func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let (volume, volumes) = try await volume(location, context)
        var pause = Duration.milliseconds(250)
        for attempt in 1... {
            try context.requireTime()
            do throws(StoreError) {
                return try await volumes.remove(volume.id)
            } catch {
                // A reader may just be giving it back, or have been killed.
                guard case .inUse = error, attempt < settings.attachmentAttempts else { throw error }
            }
            if try await volumes.releaseAbandoned(volume.id) { continue }
            try? await Task.sleep(for: pause)
            pause *= 2
        }
    }

    package func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        guard upload.hasPlainIDs else {
            throw .backend("an image or upload id has characters that cannot be in a volume's name")
        }
        try await remove(upload, volumes: volumes(context))
    }

    /// Removes the volume of an upload whose end is not recorded.
    func remove(_ upload: StoreUpload, volumes: Volumes) async throws(StoreError) {
        let found = try await found(upload, volumes)
        guard !found.isEmpty else { return }
        try volumes.context.requireTime()
        // Ceph removes no image that is open. A writer of another process gives up when its own record is gone.
        await live.writer(upload)?.abandon()
        for volume in found {
            try volumes.context.requireTime()
            try await removeAnyhow(volume, volumes)
        }
    }

    private func found(_ upload: StoreUpload, _ volumes: Volumes) async throws(StoreError) -> [Volume] {
        try await translating { () async throws(CinderError) in
            try await volumes.list(metadata: Self.uploadKey, upload.uploadID)
        }.filter { $0.metadata["glance_image_id"] == upload.imageID }
    }

    private func removeAnyhow(_ volume: Volume, _ volumes: Volumes) async throws(StoreError) {
        do throws(StoreError) {
            if !volume.status.hasPrefix("error") { try await volumes.free(volume) }
            try volumes.context.requireTime()
            try await volumes.remove(volume.id)
        } catch {
            guard error != .notFound else { return }
            throw error
        }
    }

    package func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        let volumes = volumes(context)
        let found = try await translating { () async throws(CinderError) in
            try await volumes.list(name: Self.name(imageID))
        }
        for volume in found
        where volume.metadata[Self.uploadKey] == nil && volume.metadata["glance_image_id"] == imageID
            && volume.age >= minimumAge
        {
            try context.requireTime()
            try await removeAnyhow(volume, volumes)
        }
    }

    package func settle(_ upload: StoreUpload) async throws(StoreError) {
        let context = published.remove(upload)
        guard client.hasAccount || context != nil else { return }
        let volumes = volumes(client.hasAccount ? .service : context ?? .service)
        for volume in try await found(upload, volumes) {
            guard volume.name == Self.name(upload.imageID) else {
                try await removeAnyhow(volume, volumes)
                continue
            }
            try await translating { () async throws(CinderError) in
                try await volumes.remove(metadata: Self.uploadKey, of: volume.id)
            }
        }
    }

    package func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        guard client.hasAccount else { return [] }
        let volumes = volumes(.service)
        // Not every Cinder finds volumes by a part of their name.
        let all = try await translating { () async throws(CinderError) in try await volumes.list("sort=created_at") }
        // Volumes that readers have left attached when they were killed. An upload's own are freed when it is discarded.
        for volume in all
        where volume.status != "available" && volume.metadata["glance_image_id"] != nil
            && volume.metadata[Self.uploadKey] == nil
        {
            _ = try? await volumes.releaseAbandoned(volume)
        }
        return all.compactMap { volume in
            guard let upload = volume.metadata[Self.uploadKey], let image = volume.metadata["glance_image_id"],
                volume.name == Self.name(image) || volume.age >= minimumAge
            else { return nil }
            return AbandonedUpload(
                StoreUpload(imageID: image, uploadID: upload),
                size: volume.metadata["image_size"].flatMap { Int64($0) } ?? 0)
        }
    }
}

extension StoreDriver {
    /// The driver `cinder`.
    public static let cinder = StoreDriver(name: "cinder", schemes: [CinderLocation.scheme]) {
        setup throws(StoreError) in
        try CinderStore(
            identity: setup.identity,
            settings: try CinderSettings(configuration: setup.configuration, store: setup.identity.id),
            eventLoopGroup: setup.eventLoopGroup, logger: setup.logger)
    }
}
