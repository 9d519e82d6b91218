public import ExternalHTTP
import Identity
import JSON
public import NIOCore
import NIOHTTP1
import TextCoding

/// The import method `glance-download`: the data of an image of another Glance of the same cloud, with some of its properties.
/// Everything is done with the user's own token, through the same filter as other downloads.
public struct GlanceDownload: Sendable {
    /// Which image; the fields of the request.
    public struct Request: Sendable, Equatable {
        public var imageID: String
        public var region: String
        /// `public`, `internal` or `admin`.
        public var interface: String

        /// - Throws: ``ImportSourceError/invalid(_:)``.
        public init(region: String?, imageID: String?, interface: String?) throws(ImportSourceError) {
            guard let region, !region.isEmpty else {
                throw .invalid("'glance_region' needs to be set for the import method glance-download.")
            }
            guard let imageID else {
                throw .invalid("'glance_image_id' needs to be set for the import method glance-download.")
            }
            guard UUIDText.isValid(imageID) else {
                throw .invalid("'glance_image_id' is not the id of an image: \(imageID.prefix(64))")
            }
            let interface = interface ?? "public"
            guard ["public", "internal", "admin"].contains(interface) else {
                throw .invalid("'glance_service_interface' must be one of public, internal, admin.")
            }
            self.region = region
            self.imageID = imageID
            self.interface = interface
        }
    }

    /// What the other Glance says about its image.
    public struct RemoteImage: Sendable, Equatable {
        public var diskFormat: String
        public var containerFormat: String
        /// Bytes.
        public var size: Int64
        /// Those that are to be copied.
        public var properties: [String: String]
    }

    private let client: ExternalHTTPClient
    private let download: ExternalDownload
    private let copiedProperties: [String]

    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group.
    public init(_ settings: ImportSourceSettings, eventLoopGroup: (any EventLoopGroup)? = nil) {
        client = ExternalHTTPClient(
            settings: settings.client, filter: settings.filter, eventLoopGroup: eventLoopGroup)
        download = ExternalDownload(client: client, limits: settings.limits)
        copiedProperties = settings.copiedProperties
    }

    /// Asks what the image is.
    public func describe(
        _ request: Request, by credentials: JobCredentials
    ) async throws(ImportSourceError) -> RemoteImage {
        let url = try url(request, credentials)
        let document: JSONValue
        do throws(ExternalHTTPError) {
            let response = try await client.send(.GET, url, headers: Self.headers(credentials), source: .client)
            guard response.status == .ok else { throw .status(Int(response.status.code)) }
            var body = ByteBuffer()
            while let part = try await response.next() {
                guard body.readableBytes + part.readableBytes <= 4 << 20 else { throw .tooLarge(4 << 20) }
                body.writeImmutableBuffer(part)
            }
            guard let parsed = try? JSONValue.parse(body.readableBytesView) else { throw .status(200) }
            document = parsed
        } catch {
            throw Self.error(error)
        }
        return try image(document)
    }

    /// Brings the data into the file, all of them on the disk.
    ///
    /// - Parameter size: bytes that they must be; ``RemoteImage/size``.
    public func fetch(
        _ request: Request, size: Int64, by credentials: JobCredentials, into file: DownloadFile,
        progress: @Sendable (DownloadProgress) async -> Void = { _ in }
    ) async throws(ImportSourceError) {
        let url = try url(request, credentials, "/file")
        do throws(ExternalHTTPError) {
            try await download.run(
                url, headers: Self.headers(credentials), size: size, into: file, progress: progress)
        } catch {
            throw Self.error(error)
        }
    }

    /// The address is the operator's, out of the catalog: what the image service there says may be told.
    private static func error(_ error: ExternalHTTPError) -> ImportSourceError {
        switch error {
        case .status(404): .remote("There is no such image in the other region.")
        case .status(401), .status(403): .remote("The other region does not give the image to the user.")
        case .status(let status): .remote("The image service of the other region answers \(status).")
        default: .download(error)
        }
    }

    private func url(
        _ request: Request, _ credentials: JobCredentials, _ path: String = ""
    ) throws(ImportSourceError) -> ExternalURL {
        let endpoint = credentials.catalog.flatMap { ServiceCatalog($0) }?
            .endpoint(of: "image", region: request.region, interface: request.interface)
        guard let endpoint else {
            throw .remote("The catalog has no image service in the region \(request.region.prefix(64)).")
        }
        guard let url = ExternalURL("\(endpoint)/v2/images/\(request.imageID)\(path)") else {
            throw .download(.refused)
        }
        return url
    }

    private static func headers(_ credentials: JobCredentials) -> HTTPHeaders { ["X-Auth-Token": credentials.token] }

    private func image(_ document: JSONValue) throws(ImportSourceError) -> RemoteImage {
        let status = document["status"]?.stringValue ?? "unknown"
        guard status == "active" else {
            throw .remote("The image in the other region is not active, but \(status.prefix(32)).")
        }
        guard let diskFormat = document["disk_format"]?.stringValue,
            let containerFormat = document["container_format"]?.stringValue
        else { throw .remote("The image in the other region has no formats.") }
        guard let size = document["size"]?.integerValue, size >= 0 else {
            throw .remote("The size of the image in the other region is not known.")
        }
        var properties: [String: String] = [:]
        if case .object(let members) = document {
            for (name, value) in members where copiedProperties.contains(where: { name.hasPrefix($0) }) {
                guard !name.hasPrefix("os_glance"), !Self.attributes.contains(name), let value = value.stringValue
                else { continue }
                properties[name] = value
            }
        }
        return RemoteImage(
            diskFormat: diskFormat, containerFormat: containerFormat, size: size, properties: properties)
    }

    /// What is no property, whatever its name begins with.
    private static let attributes: Set<String> = [
        "checksum", "container_format", "created_at", "direct_url", "disk_format", "file", "id", "locations",
        "min_disk",
        "min_ram", "name", "os_hash_algo", "os_hash_value", "os_hidden", "owner", "protected", "schema", "self", "size",
        "status", "stores", "tags", "updated_at", "virtual_size", "visibility",
    ]
}
