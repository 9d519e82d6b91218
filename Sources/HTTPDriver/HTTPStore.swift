import ExternalHTTP
public import ImageModel
public import ImageStore
public import JSON
public import NIOCore
import NIOHTTP1
import OutgoingHTTP

/// The read-only driver `http`: images whose data stay on a web server. Nothing is ever written or removed there.
public struct HTTPStore: Store {
    public let identity: StoreIdentity
    public let type = "http"
    public let isReadOnly = true
    public let schemes = ExternalURL.schemes
    public let properties: [String: JSONValue] = [:]
    private let certificateAuthorities: String?
    private let client: ExternalHTTPClient

    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group, started at the first request.
    public init(identity: StoreIdentity, settings: HTTPSettings, eventLoopGroup: (any EventLoopGroup)? = nil) {
        self.identity = identity
        certificateAuthorities = settings.client.certificateAuthorities
        client = ExternalHTTPClient(
            settings: settings.client, filter: settings.filter, eventLoopGroup: eventLoopGroup)
    }

    public func owns(_ location: ImageLocation) -> Bool { true }

    public func check() async throws(StoreError) {
        guard let path = certificateAuthorities else { return }
        do throws(StoreError) {
            try await BlockingPool().run { () throws(StoreError) in
                var tls = TLSSettings()
                tls.caFile = path
                do throws(OutgoingHTTPError) {
                    _ = try LoadedTLS(tls)
                } catch {
                    throw .backend("\(error)")
                }
            }
        } catch {
            throw .badConfiguration("store \(id): https_ca_certificates_file: \(error.text ?? "\(error)")")
        }
    }

    public func prepare() async throws(StoreError) { try await check() }

    public func makeWriter(
        for upload: StoreUpload, expectedSize: Int64?, context: StoreContext
    ) async throws(StoreError) -> any StoreWriter {
        throw .readOnly
    }

    public func open(
        _ location: ImageLocation, range: Range<Int64>?, context: StoreContext
    ) async throws(StoreError) -> StoreContent {
        if let range, range.isEmpty { return .stream(size: 0, chunks: StoreChunks { { nil } }) }
        var headers = HTTPHeaders()
        if let range { headers.add(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)") }
        let response = try await send(.GET, location, headers)
        let body: HTTPBody
        let size: Int64?
        switch (response.status.code, range) {
        case (206, let range?):
            guard response.contentRange == range else {
                throw .backend("the HTTP server sends other bytes than those that were asked for")
            }
            size = Int64(range.count)
            body = HTTPBody(response, count: size)
        case (200, let range?):
            if let length = response.contentLength, length < range.upperBound {
                throw .backend("the HTTP server has \(length) bytes, and the bytes \(range) were wanted")
            }
            size = Int64(range.count)
            body = HTTPBody(response, skip: range.lowerBound, count: size)
        case (200, nil):
            size = response.contentLength
            body = HTTPBody(response, count: size)
        default:
            throw Self.storeError(status: response.status)
        }
        return .stream(size: size, chunks: StoreChunks { { try await body.next() } })
    }

    public func size(of location: ImageLocation, context: StoreContext) async throws(StoreError) -> Int64 {
        // Servers that refuse HEAD, and those whose signed URLs are for GET only, still tell the length with the data.
        for method in [HTTPMethod.HEAD, .GET] {
            let response = try await send(method, location)
            if response.status == .ok, let length = response.contentLength { return length }
            if method == .GET, response.status != .ok { throw Self.storeError(status: response.status) }
        }
        throw .backend("the HTTP server does not tell the size of the data")
    }

    public func delete(_ location: ImageLocation, context: StoreContext) async throws(StoreError) {
        throw .readOnly
    }

    public func discard(_ upload: StoreUpload, context: StoreContext) async throws(StoreError) {}

    /// Each request has a connection of its own, which ends with its reader.
    public func shutdown() async {}

    private func send(
        _ method: HTTPMethod, _ location: ImageLocation, _ headers: HTTPHeaders = [:]
    ) async throws(StoreError) -> ExternalHTTPResponse {
        guard let url = ExternalURL(location.url) else {
            throw .badLocation("the location is not an http or https URL with a DNS name or a canonical address")
        }
        do throws(ExternalHTTPError) {
            return try await client.send(method, url, headers: headers, source: .location)
        } catch {
            // One kind of error for all of them; see ExternalHTTPError.
            throw .backend(error.text)
        }
    }

    private static func storeError(status: HTTPResponseStatus) -> StoreError {
        switch status.code {
        case 404, 410: .notFound
        case 401, 403: .permissionDenied("the HTTP server answers \(status.code)")
        default: .backend("the HTTP server answers \(status.code)")
        }
    }
}

extension StoreDriver {
    /// The driver `http`.
    public static let http = StoreDriver(name: "http", schemes: ExternalURL.schemes) { setup throws(StoreError) in
        HTTPStore(
            identity: setup.identity,
            settings: try HTTPSettings(configuration: setup.configuration, store: setup.identity.id),
            eventLoopGroup: setup.eventLoopGroup)
    }
}
