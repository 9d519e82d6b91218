import ExternalHTTP
import Glibc
public import ImageModel
public import ImageStore
public import NIOCore
import NIOHTTP1
import NIOSSL

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
                var status = stat()
                guard stat(path, &status) == 0 else { throw StoreError(errno: errno, "cannot read \(path)") }
                if status.st_mode & S_IFMT == S_IFDIR { return }
                guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                    throw .backend("\(path) holds no certificate in PEM form")
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
            guard Self.contentRange(response) == range else {
                throw .backend("the HTTP server sends other bytes than those that were asked for")
            }
            size = Int64(range.count)
            body = HTTPBody(response, count: size)
        case (200, let range?):
            if let length = Self.contentLength(response), length < range.upperBound {
                throw .backend("the HTTP server has \(length) bytes, and the bytes \(range) were wanted")
            }
            size = Int64(range.count)
            body = HTTPBody(response, skip: range.lowerBound, count: size)
        case (200, nil):
            size = Self.contentLength(response)
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
            if response.status == .ok, let length = Self.contentLength(response) { return length }
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

    private static func contentLength(_ response: ExternalHTTPResponse) -> Int64? {
        response.headers.first(name: "Content-Length").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// `bytes 5-9/100` (RFC 9110, 14.4) as 5..<10.
    private static func contentRange(_ response: ExternalHTTPResponse) -> Range<Int64>? {
        guard let text = response.headers.first(name: "Content-Range"), text.lowercased().hasPrefix("bytes ") else {
            return nil
        }
        let bounds = text.dropFirst(6).prefix { $0 != "/" }.split(separator: "-")
        guard bounds.count == 2, let first = Int64(bounds[0]), let last = Int64(bounds[1]), first <= last, last < .max
        else { return nil }
        return first..<last + 1
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
