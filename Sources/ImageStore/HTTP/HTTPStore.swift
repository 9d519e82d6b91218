import AsyncHTTPClient
import Glibc
public import ImageModel
public import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The read-only driver `http`: images whose data stay on a web server. Nothing is ever written or removed there.
public struct HTTPStore: Store {
    public let identity: StoreIdentity
    public let type = "http"
    public let isReadOnly = true
    public let schemes = HTTPLocation.schemes
    public let properties: [String: JSONValue] = [:]
    private let settings: HTTPSettings
    private let clients: HTTPClients

    /// - Parameter eventLoopGroup: where connections live; nil is NIO's shared group, started at the first request.
    public init(identity: StoreIdentity, settings: HTTPSettings, eventLoopGroup: (any EventLoopGroup)? = nil) {
        self.identity = identity
        self.settings = settings
        clients = HTTPClients(settings: settings, eventLoopGroup: eventLoopGroup)
    }

    public func prepare() async throws(StoreError) {
        guard let path = settings.certificateAuthorities else { return }
        do throws(StoreError) {
            try await BlockingPool().run { () throws(StoreError) in
                var status = stat()
                try SystemCall.check("cannot read \(path)") { stat(path, &status) }
                if status.st_mode & S_IFMT == S_IFDIR { return }
                guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
                    throw .backend("\(path) holds no certificate in PEM form")
                }
            }
        } catch {
            throw .badConfiguration("store \(id): https_ca_certificates_file: \(error.text ?? "\(error)")")
        }
    }

    public func makeWriter(
        imageID: String, uploadID: String, expectedSize: Int64?
    ) async throws(StoreError) -> any StoreWriter {
        throw .readOnly
    }

    public func open(_ location: ImageLocation, range: Range<Int64>?) async throws(StoreError) -> StoreContent {
        if let range, range.isEmpty { return .stream(size: 0, chunks: StoreChunks { { nil } }) }
        var headers = HTTPHeaders()
        if let range { headers.add(name: "Range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)") }
        let response = try await request(.GET, HTTPLocation(url: location.url), headers)
        let body: HTTPBody
        let size: Int64?
        switch (response.status.code, range) {
        case (206, let range?):
            guard Self.contentRange(response) == range else {
                throw .backend("the HTTP server sends other bytes than those that were asked for")
            }
            size = Int64(range.count)
            body = HTTPBody(response.body, count: size)
        case (200, let range?):
            if let length = Self.contentLength(response), length < range.upperBound {
                throw .backend("the HTTP server has \(length) bytes, and the bytes \(range) were wanted")
            }
            size = Int64(range.count)
            body = HTTPBody(response.body, skip: range.lowerBound, count: size)
        case (200, nil):
            size = Self.contentLength(response)
            body = HTTPBody(response.body, count: size)
        default:
            throw Self.storeError(status: response.status)
        }
        return .stream(size: size, chunks: StoreChunks { { try await body.next() } })
    }

    public func size(of location: ImageLocation) async throws(StoreError) -> Int64 {
        let location = try HTTPLocation(url: location.url)
        // Servers that refuse HEAD, and those whose signed URLs are for GET only, still tell the length with the data.
        for method in [HTTPMethod.HEAD, .GET] {
            let response = try await request(method, location, HTTPHeaders())
            if response.status == .ok, let length = Self.contentLength(response) { return length }
            if method == .GET, response.status != .ok { throw Self.storeError(status: response.status) }
        }
        throw .backend("the HTTP server does not tell the size of the data")
    }

    public func delete(_ location: ImageLocation) async throws(StoreError) {
        throw .readOnly
    }

    public func discard(imageID: String, uploadID: String) async throws(StoreError) {}

    public func shutdown() async {
        await clients.shutdown()
    }

    /// Sends a request and follows redirects. The answer may have any other status.
    private func request(
        _ method: HTTPMethod, _ location: HTTPLocation, _ headers: HTTPHeaders
    ) async throws(StoreError) -> HTTPClientResponse {
        var location = location
        for _ in 0...settings.maximumRedirects {
            var request = clients.request(method, location)
            request.headers.add(contentsOf: headers)
            request.headers.add(name: "User-Agent", value: "openstack-glance")
            // An old connection may be closed by the server in the moment of the request, and images are few and large.
            request.headers.add(name: "Connection", value: "close")
            // A compressed answer would be other bytes, of another length.
            request.headers.add(name: "Accept-Encoding", value: "identity")
            let response: HTTPClientResponse
            do {
                response = try await clients[location.scheme].execute(request, deadline: .distantFuture)
            } catch {
                throw Self.storeError(error)
            }
            guard [301, 302, 303, 307, 308].contains(response.status.code) else { return response }
            guard let target = response.headers.first(name: "Location") else {
                throw .backend("the HTTP server redirects without saying where to")
            }
            location = try location.redirected(to: target)
        }
        throw .backend("the HTTP server redirects more than \(settings.maximumRedirects) times")
    }

    private static func contentLength(_ response: HTTPClientResponse) -> Int64? {
        response.headers.first(name: "Content-Length").flatMap { Int64($0) }.flatMap { $0 < 0 ? nil : $0 }
    }

    /// `bytes 5-9/100` (RFC 9110, 14.4) as 5..<10.
    private static func contentRange(_ response: HTTPClientResponse) -> Range<Int64>? {
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

    /// Errors of the client by kind; their own texts may hold addresses.
    static func storeError(_ error: any Error) -> StoreError {
        switch error {
        case let error as StoreError: error
        case let error as HTTPClientError where [.connectTimeout, .readTimeout, .deadlineExceeded].contains(error):
            .timeout
        case let error as NIOConnectionError where error.connectionErrors.isEmpty:
            .backend("cannot resolve the name of the HTTP server")
        case let error as NIOConnectionError:
            storeError(error.connectionErrors[0].error)
        case let error as IOError:
            .backend("the connection to the HTTP server failed: \(String(cString: strerror(error.errnoCode)))")
        case is NIOSSLError: .backend("no trusted TLS connection to the HTTP server")
        case is CancellationError: .backend("the request to the HTTP server was cancelled")
        default: .backend("the connection to the HTTP server failed")
        }
    }
}
