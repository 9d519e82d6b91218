import ImageStore
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding
import XML

/// The directory of images in one datastore: what can be done to the files in it.
struct DatastoreFolder: Sendable {
    /// A file as a search finds it.
    struct Entry: Sendable, Equatable {
        let name: String
        let size: Int64
        /// By the server's clock; nil when it does not say.
        let modified: Timestamp?
    }

    let client: VSphereClient
    let inventory: DatastoreInventory
    let datastore: DatastoreName
    /// Components of its path.
    let directory: [String]

    // MARK: Calls

    /// Creates the directory where it is missing.
    func make() async throws(VSphereError) {
        guard !directory.isEmpty else { return }
        try await inventory.with(datastore) { datastore async throws(VSphereError) in
            do throws(VSphereError) {
                _ = try await client.call(
                    "MakeDirectory", on: { $0.fileManager },
                    "<name>\(path([]))</name>\(datastore.datacenter.element("datacenter"))"
                        + "<createParentDirectories>true</createParentDirectories>")
            } catch {
                guard error.storeError == .duplicate else { throw error }
            }
        }
    }

    /// Gives a file another name. Never replaces.
    ///
    /// - Throws: faults that are ``StoreError/notFound`` or ``StoreError/duplicate``.
    func move(_ name: String, to other: String) async throws(VSphereError) {
        try await inventory.with(datastore) { datastore async throws(VSphereError) in
            _ = try await client.task(
                "MoveDatastoreFile_Task", on: { $0.fileManager },
                "<sourceName>\(path([name]))</sourceName>\(datastore.datacenter.element("sourceDatacenter"))"
                    + "<destinationName>\(path([other]))</destinationName>"
                    + "\(datastore.datacenter.element("destinationDatacenter"))<force>false</force>")
        }
    }

    /// - Throws: a fault that is ``StoreError/notFound``.
    func remove(_ name: String) async throws(VSphereError) {
        try await inventory.with(datastore) { datastore async throws(VSphereError) in
            _ = try await client.task(
                "DeleteDatastoreFile_Task", on: { $0.fileManager },
                "<name>\(path([name]))</name>\(datastore.datacenter.element("datacenter"))", isRepeatable: false)
        }
    }

    /// Removes a file if it is there.
    ///
    /// - Returns: whether it was.
    @discardableResult
    func removeIfPresent(_ name: String) async throws(VSphereError) -> Bool {
        do throws(VSphereError) {
            try await remove(name)
            return true
        } catch {
            guard error.storeError == .notFound else { throw error }
            return false
        }
    }

    /// The files whose names match a pattern with `*`. None when the directory is missing.
    func search(_ patterns: [String]) async throws(VSphereError) -> [Entry] {
        try await inventory.with(datastore) { datastore async throws(VSphereError) in
            let result: XMLElement?
            do throws(VSphereError) {
                result = try await client.task(
                    "SearchDatastore_Task", on: { _ in datastore.browser },
                    "<datastorePath>\(path([]))</datastorePath><searchSpec><details><fileType>false</fileType>"
                        + "<fileSize>true</fileSize><modification>true</modification><fileOwner>false</fileOwner></details>"
                        + patterns.map { "<matchPattern>\(XMLText.escape($0))</matchPattern>" }.joined()
                        + "</searchSpec>", isRepeatable: true)
            } catch {
                guard error.storeError == .notFound else { throw error }
                return []
            }
            return (result?.all("file") ?? []).compactMap { file in
                guard file.schemaType != "FolderFileInfo", let name = file["path"]?.text else { return nil }
                return Entry(
                    name: name, size: file["fileSize"].flatMap { Int64($0.text) } ?? 0,
                    modified: file["modification"].flatMap { Timestamp(dateTime: $0.text) })
            }
        }
    }

    /// As calls name a file: `[datastore] directory/name`, escaped.
    private func path(_ name: [String]) -> String {
        XMLText.escape("[\(datastore.name)] \((directory + name).joined(separator: "/"))")
    }

    // MARK: Files

    /// The path and query of a file's URL.
    private func url(_ name: String) -> String {
        let path = (["folder"] + directory + [name]).map { PercentEncoding.encode($0) }.joined(separator: "/")
        return "/\(path)?\(VMwareLocation.query(datastore))"
    }

    /// Bytes of a file.
    func size(_ name: String) async throws(VSphereError) -> Int64 {
        let response = try await client.send(.HEAD, file: url(name))
        guard response.status == .ok else { throw .status(Int(response.status.code)) }
        guard let length = response.contentLength else { throw .unreadable }
        return length
    }

    func contains(_ name: String) async throws(VSphereError) -> Bool {
        do throws(VSphereError) {
            _ = try await size(name)
            return true
        } catch {
            guard error.storeError == .notFound else { throw error }
            return false
        }
    }

    /// A file's bytes.
    func open(_ name: String) async throws(VSphereError) -> OutgoingResponse {
        let response = try await client.send(.GET, file: url(name))
        guard response.status == .ok else { throw .status(Int(response.status.code)) }
        return response
    }

    /// Some of a file's bytes; of these there is at least one. All bytes come with the status 200.
    func open(_ name: String, bytes: Range<Int64>) async throws(VSphereError) -> OutgoingResponse {
        let response = try await client.send(
            .GET, file: url(name), headers: ["Range": "bytes=\(bytes.lowerBound)-\(bytes.upperBound - 1)"])
        switch response.status {
        case .partialContent where response.contentRange == bytes: return response
        // A server without ranges: what comes before is read and dropped.
        case .ok where (response.contentLength ?? 0) >= bytes.upperBound: return response
        case .partialContent, .ok: throw .unreadable
        default: throw .status(Int(response.status.code))
        }
    }

    /// Writes a file, and replaces one that is there.
    func put(_ name: String, _ body: OutgoingRequest.Body) async throws(VSphereError) {
        let response = try await client.send(.PUT, file: url(name), body: body)
        guard response.status == .ok || response.status == .created else {
            throw .status(Int(response.status.code))
        }
        do throws(OutgoingHTTPError) {
            // The server has written all when it has answered; what it says about it does not matter.
            while try await response.next() != nil {}
        } catch {
            throw .http(error)
        }
    }

    func keepAlive() async { await client.keepAlive() }

    /// Makes the session anew if it has ended.
    func requireSession() async throws(VSphereError) { _ = try await client.currentTime() }
}
