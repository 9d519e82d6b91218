package import ImageModel
public import ImageStore
package import JSON
package import NIOCore
import NIOPosix
import OutgoingHTTP
import TextCoding

/// The driver `vmware`: images are files in a directory of datastores, which a vCenter or an ESX host gives access to.
///
/// URLs and names are those of Python Glance, which may have written the same directories before. Glance 33 calls its driver
/// deprecated.
package struct VMwareStore: Store {
    package let identity: StoreIdentity
    package let type = "vmware"
    package let isReadOnly = false
    package let schemes: Set<String> = [VMwareLocation.scheme]
    package let properties: [String: JSONValue] = [:]
    private let settings: VMwareSettings
    private let client: VSphereClient
    private let inventory: DatastoreInventory

    /// Reads the file with certificates of authorities. Blocks.
    ///
    /// - Throws: ``StoreError/badConfiguration(_:)`` when it can't be read.
    package init(
        identity: StoreIdentity, settings: VMwareSettings, eventLoopGroup: (any EventLoopGroup)? = nil
    ) throws(StoreError) {
        self.identity = identity
        self.settings = settings
        let tls: LoadedTLS
        do throws(OutgoingHTTPError) {
            tls = try LoadedTLS(settings.tls)
        } catch {
            throw .badConfiguration("store \(identity.id): vmware_ca_file: \(error)")
        }
        client = VSphereClient(
            settings: settings, tls: tls,
            eventLoopGroup: eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton)
        inventory = DatastoreInventory(client: client)
    }

    private var folders: [DatastoreFolder] { settings.datastores.map { folder($0.name) } }

    private func folder(_ datastore: DatastoreName) -> DatastoreFolder {
        DatastoreFolder(client: client, inventory: inventory, datastore: datastore, directory: settings.directory)
    }

    package func owns(_ location: ImageLocation) -> Bool {
        (try? place(location))?.isAt(settings.server) ?? false
    }

    private func place(_ location: ImageLocation) throws(StoreError) -> VMwareLocation {
        try VMwareLocation(url: location.url, directory: settings.directory)
    }

    // MARK: Beginning and end

    package func check() async throws(StoreError) {
        for datastore in settings.datastores {
            let found = try await translating { () async throws(VSphereError) in
                try await inventory.find(datastore.name)
            }
            if found == nil {
                throw .badConfiguration(
                    "store \(id): vmware_datastores: there is no datastore '\(datastore.name.name)' in the datacenter "
                        + "'\(datastore.name.datacenter ?? "")'")
            }
        }
    }

    package func prepare() async throws(StoreError) {
        try await check()
        let usable = try await freeSpace()
        for folder in folders where usable[folder.datastore] != nil {
            try await translating { () async throws(VSphereError) in try await folder.make() }
        }
    }

    package func shutdown() async { await client.shutdown() }

    // MARK: Reading

    package func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        let place = try place(location)
        let folder = folder(place.datastore)
        if let range, range.isEmpty { return .stream(size: 0, chunks: StoreChunks { { nil } }) }
        let (response, bytes) = try await translating { () async throws(VSphereError) in
            if let range { return (try await folder.open(place.name, bytes: range), range) }
            let response = try await folder.open(place.name)
            guard let length = response.contentLength else { throw .unreadable }
            return (response, 0..<length)
        }
        let body = DatastoreBody(response, of: place.name, in: folder, range: bytes, retries: settings.retries)
        return .stream(size: Int64(bytes.count), chunks: StoreChunks { { try await body.next() } })
    }

    package func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        let place = try place(location)
        return try await translating { () async throws(VSphereError) in
            try await folder(place.datastore).size(place.name)
        }
    }

    // MARK: Writing

    package func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        let name = try UploadName(upload)
        let folder = try await bestFolder(for: expectedSize ?? 0)
        for folder in folders {
            let isTaken = try await translating { () async throws(VSphereError) in
                try await folder.contains(upload.imageID)
            }
            if isTaken { throw .duplicate }
        }
        let files = UploadFiles(folder: folder, name: name)
        try await files.begin()
        let url = VMwareLocation.url(
            of: upload.imageID, in: folder.datastore, directory: settings.directory, server: settings.server)
        return VMwareWriter(files, expectedSize: expectedSize, location: identity.location(url: url))
    }

    private func freeSpace() async throws(StoreError) -> [DatastoreName: Int64] {
        try await translating { () async throws(VSphereError) in
            try await inventory.freeSpace(settings.datastores.map(\.name))
        }
    }

    /// The datastore of the highest weight that has room; of several with the same weight, the emptiest.
    private func bestFolder(for size: Int64) async throws(StoreError) -> DatastoreFolder {
        let free = try await freeSpace()
        guard !free.isEmpty else { throw .backend("no datastore can be used just now") }
        var best: (datastore: VMwareSettings.Datastore, free: Int64)?
        for datastore in settings.datastores {
            if let best, best.datastore.weight > datastore.weight { break }
            guard let free = free[datastore.name], free > 0, free >= size, free > best?.free ?? 0 else { continue }
            best = (datastore, free)
        }
        guard let best else { throw .full }
        return folder(best.datastore.name)
    }

    // MARK: Removing

    package func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        let place = try place(location)
        try context.requireTime()
        try await translating { () async throws(VSphereError) in
            try await folder(place.datastore).remove(place.name)
        }
    }

    package func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {
        let name = try UploadName(upload)
        for folder in folders { try await UploadFiles(folder: folder, name: name).discard(context: context) }
    }

    package func discardForeign(
        imageID: String, minimumAge: Duration, context: StoreContext
    ) async throws(StoreError) {
        let name = try UploadName(StoreUpload(imageID: imageID, uploadID: "foreign"))
        for folder in folders {
            let entries = try await translating { () async throws(VSphereError) in
                try await folder.search([imageID, "\(imageID).*"])
            }
            // What an upload of ours has put there is not foreign before its end is recorded.
            guard !entries.contains(where: { UploadName.stage(ofFile: $0.name) == .moving }),
                let file = entries.first(where: { $0.name == name.upload.imageID }),
                try await age(of: file) >= minimumAge
            else { continue }
            try context.requireTime()
            _ = try await translating { () async throws(VSphereError) in
                try await folder.removeIfPresent(file.name)
            }
        }
    }

    package func settle(_ upload: StoreUpload) async throws(StoreError) {
        let name = try UploadName(upload)
        for folder in folders where try await UploadFiles(folder: folder, name: name).settle() { return }
    }

    package func leftovers(minimumAge: Duration) async throws(StoreError) -> [AbandonedUpload] {
        var found: [AbandonedUpload] = []
        for folder in folders {
            let entries = try await translating { () async throws(VSphereError) in try await folder.search(["*.*.*"]) }
            let uploads = Dictionary(grouping: entries) { UploadName(file: $0.name)?.upload }
            for case (let upload?, let files) in uploads {
                let stages = Set(files.compactMap { UploadName.stage(ofFile: $0.name) })
                if stages == [.moving] {
                    // Only the record tells whether the state is still needed.
                    found.append(AbandonedUpload(upload, size: try await size(ofImage: upload.imageID, in: folder)))
                } else if let last = try await youngest(files), last >= minimumAge {
                    found.append(AbandonedUpload(upload, size: files.map(\.size).max() ?? 0))
                }
            }
        }
        return found
    }

    private func size(ofImage name: String, in folder: DatastoreFolder) async throws(StoreError) -> Int64 {
        do throws(VSphereError) {
            return try await folder.size(name)
        } catch {
            guard error.storeError == .notFound else { throw error.storeError }
            return 0
        }
    }

    private func youngest(_ files: [DatastoreFolder.Entry]) async throws(StoreError) -> Duration? {
        var ages: [Duration] = []
        for file in files { ages.append(try await age(of: file)) }
        return ages.min()
    }

    /// How long ago somebody wrote to a file, by the server's clock.
    private func age(of file: DatastoreFolder.Entry) async throws(StoreError) -> Duration {
        guard let modified = file.modified else { return .zero }
        let now = try await translating { () async throws(VSphereError) in try await client.currentTime() }
        return .microseconds(now.microseconds - modified.microseconds)
    }
}

extension StoreDriver {
    /// The driver `vmware`.
    public static let vmware = StoreDriver(name: "vmware", schemes: [VMwareLocation.scheme]) {
        setup throws(StoreError) in
        try VMwareStore(
            identity: setup.identity,
            settings: try VMwareSettings(configuration: setup.configuration, store: setup.identity.id),
            eventLoopGroup: setup.eventLoopGroup)
    }
}
