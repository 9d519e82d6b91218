public import AsyncHTTPClient
import Foundation
public import NIOCore
import NIOHTTP1

/// A client of the Images API that hides nothing: one request, one answer, no retry.
public struct ImageClient: Sendable {
    public let url: String
    /// `X-Auth-Token`
    public var token: String?

    /// Connections are kept for requests that follow each other, and not longer: a server may close one that has been idle just when
    /// it is used again, and this client does not repeat requests.
    private static let connections: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.idleTimeout = .milliseconds(100)
        // Many requests at a time wait for each other's connections.
        configuration.timeout.connect = .seconds(60)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    public init(url: String, token: String? = nil) {
        self.url = url
        self.token = token
    }

    /// What came back.
    public struct Answer: Sendable {
        public let status: Int
        public let headers: [(name: String, value: String)]
        public let body: [UInt8]

        /// First value of a header.
        public func header(_ name: String) -> String? {
            headers.first { $0.name.lowercased() == name.lowercased() }?.value
        }

        /// The body as JSON; null when it is none.
        public var json: JSON { (try? JSONDecoder().decode(JSON.self, from: Data(body))) ?? .null }
        public var text: String { String(decoding: body, as: UTF8.self) }
    }

    /// - Throws: Errors of the connection. Any status is an answer.
    public func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: HTTPClientRequest.Body? = nil,
        timeout: TimeAmount = .seconds(60)
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: url + path)
        request.method = HTTPMethod(rawValue: method)
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        if let token { request.headers.add(name: "X-Auth-Token", value: token) }
        request.body = body
        let response = try await Self.connections.execute(request, timeout: timeout)
        let bytes = try await response.body.collect(upTo: 1 << 30)
        return Answer(
            status: Int(response.status.code),
            headers: response.headers.map { ($0.name, $0.value) },
            body: Array(bytes.readableBytesView))
    }

    /// A request with a JSON body.
    public func request(_ method: String, _ path: String, json: JSON, type: String = "application/json") async throws
        -> Answer
    {
        let data = try JSONEncoder().encode(json)
        return try await request(
            method, path, headers: [("Content-Type", type)], body: .bytes(ByteBuffer(bytes: data)))
    }

    /// A request that must be answered by `status`.
    @discardableResult
    public func expect(_ status: Int, _ method: String, _ path: String, json: JSON? = nil) async throws -> Answer {
        let answer =
            if let json {
                try await request(method, path, json: json)
            } else {
                try await request(method, path)
            }
        guard answer.status == status else {
            throw TestFailure("\(method) \(path): \(answer.status) instead of \(status)\n\(answer.text)")
        }
        return answer
    }

    /// `POST /v2/images`; the new image's id.
    public func create(_ attributes: [String: JSON] = [:]) async throws -> String {
        var image: [String: JSON] = ["disk_format": "raw", "container_format": "bare"]
        image.merge(attributes) { _, given in given }
        guard let id = try await expect(201, "POST", "/v2/images", json: .object(image)).json["id"].string else {
            throw TestFailure("an image without an id")
        }
        return id
    }

    /// `PUT /v2/images/{id}/file`
    ///
    /// - Parameter store: id of the store; nil for the default one.
    public func upload(_ id: String, _ data: [UInt8], to store: String? = nil) async throws -> Answer {
        var headers = [("Content-Type", "application/octet-stream")]
        if let store { headers.append(("X-Image-Meta-Store", store)) }
        return try await request(
            "PUT", "/v2/images/\(id)/file", headers: headers, body: .bytes(ByteBuffer(bytes: data)))
    }

    /// `PATCH /v2/images/{id}`
    @discardableResult
    public func patch(_ id: String, _ changes: JSON) async throws -> Answer {
        let answer = try await request(
            "PATCH", "/v2/images/\(id)", json: changes, type: "application/openstack-images-v2.1-json-patch")
        guard answer.status == 200 else { throw TestFailure("PATCH \(id): \(answer.status)\n\(answer.text)") }
        return answer
    }

    /// All images of `query`, page by page.
    public func list(_ query: String = "") async throws -> [JSON] {
        var images: [JSON] = []
        var next: String? = "/v2/images?limit=100" + (query.isEmpty ? "" : "&" + query)
        while let path = next {
            let page = try await expect(200, "GET", path).json
            images += page["images"].array
            next = page["next"].string
        }
        return images
    }
}
