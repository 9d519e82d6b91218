import ImageStore
import JSON
import NIOCore
import NIOHTTP1
import OutgoingHTTP
import TextCoding

/// Requests to one account.
///
/// What is short and what carries data have connections of their own: an upload that has one and wants to know
/// something must not wait for another upload to end.
struct SwiftClient: Sendable {
    /// For everything that is short.
    let control: OutgoingHTTPClient
    /// For data.
    let data: OutgoingHTTPClient
    let session: any SwiftSession
    /// Handed on, where there is a request.
    var requestID: String?

    /// An object, or nil for the container itself; the container nil for the account.
    struct Path: Sendable, Hashable {
        var container: String
        var object: String?

        init(_ container: String, _ object: String? = nil) {
            self.container = container
            self.object = object
        }
    }

    /// What is said about an object.
    struct ObjectFacts: Sendable {
        var size: Int64
        /// The upload that wrote it; nil for what others have written.
        var uploadID: String?
        /// `container/prefix` of a dynamic large object.
        var manifest: String?
        var isStaticLargeObject: Bool
        /// When it was written, by the server's clock.
        var written: Timestamp
    }

    /// One name in a container.
    struct Entry: Sendable {
        var name: String
        var size: Int64
        var written: Timestamp
    }

    static let uploadHeader = "X-Object-Meta-Glance-Upload"
    static let stageHeader = "X-Object-Meta-Glance-Stage"

    /// Sends a request that may be repeated, with another token if it has to be; its answer may have any status and
    /// is read already.
    func ask(
        _ method: HTTPMethod, _ path: Path, query: String = "", headers: HTTPHeaders = [:], body: ByteBuffer? = nil
    ) async throws(StoreError) -> Answer {
        // In a task of its own: what ends an upload has to be done in a task that was cancelled as well.
        try await Task.detached { () -> Result<Answer, StoreError> in
            do throws(StoreError) {
                return .success(try await askOnce(method, path, query, headers, body))
            } catch {
                return .failure(error)
            }
        }.value.get()
    }

    typealias Answer = (status: UInt, headers: HTTPHeaders, body: ByteBuffer)

    private func askOnce(
        _ method: HTTPMethod, _ path: Path, _ query: String, _ headers: HTTPHeaders, _ body: ByteBuffer?
    ) async throws(StoreError) -> Answer {
        let answer = try await send { access in
            var request = request(method, path, query: query, headers: headers, access)
            request.body = .bytes(body ?? ByteBuffer())
            if body == nil, method == .GET || method == .HEAD || method == .DELETE { request.body = .none }
            request.deadline = .seconds(120)
            return request
        }
        do throws(OutgoingHTTPError) {
            // The length that an answer to HEAD has is not its own.
            let body = method == .HEAD ? ByteBuffer() : try await answer.collect(upTo: 16 << 20)
            return (answer.status.code, answer.headers, body)
        } catch {
            throw StoreError(error, "Swift's answer cannot be read")
        }
    }

    /// Begins to read data.
    func download(_ path: Path, range: Range<Int64>?) async throws(StoreError) -> OutgoingResponse {
        try await send(by: data) { access in
            var request = request(.GET, path, access)
            if let range { request.setRange(range) }
            return request
        }
    }

    /// Sends data as they come, once.
    ///
    /// - Parameter length: bytes, where that is known.
    func upload(
        _ path: Path, headers: HTTPHeaders, length: Int64?, _ source: BodyPipe
    ) async throws(StoreError) -> UInt {
        var request = request(.PUT, path, headers: headers, try await session.access())
        request.body = .stream(length: length, source)
        do throws(OutgoingHTTPError) {
            let answer = try await data.send(request)
            // Swift may refuse data before it has seen all of them; the rest is not sent.
            if 200..<300 ~= answer.status.code { _ = try await answer.collect(upTo: 1 << 20) }
            return answer.status.code
        } catch {
            throw StoreError(error, "Swift does not take the data")
        }
    }

    private func send(
        by client: OutgoingHTTPClient? = nil, _ request: (SwiftAccess) -> OutgoingRequest
    ) async throws(StoreError) -> OutgoingResponse {
        let access = try await session.access()
        let answer = try await send(request(access), by: client ?? control)
        // A token may end, or be revoked, before its time.
        guard answer.status.code == 401, await session.forget(access) else { return answer }
        return try await send(request(session.access()), by: client ?? control)
    }

    private func send(
        _ request: OutgoingRequest, by client: OutgoingHTTPClient
    ) async throws(StoreError) -> OutgoingResponse {
        do throws(OutgoingHTTPError) {
            return try await client.send(request, retries: .forSwift)
        } catch {
            throw StoreError(error, "Swift cannot be asked")
        }
    }

    private func request(
        _ method: HTTPMethod, _ path: Path, query: String = "", headers: HTTPHeaders = [:], _ access: SwiftAccess
    ) -> OutgoingRequest {
        var url = access.storageURL + "/" + PercentEncoding.encode(path.container)
        if let object = path.object {
            // Other tools put slashes into the names of segments.
            let parts = object.split(separator: "/", omittingEmptySubsequences: false)
            url += "/" + parts.map { PercentEncoding.encode(String($0)) }.joined(separator: "/")
        }
        if !query.isEmpty { url += "?" + query }
        var request = OutgoingRequest(method, url, headers: headers)
        request.headers.replaceOrAdd(name: "X-Auth-Token", value: access.token)
        request.requestID = requestID
        return request
    }
}

// MARK: - Objects

extension SwiftClient {
    /// Nil when there is none.
    func facts(_ path: Path) async throws(StoreError) -> ObjectFacts? {
        let (status, headers, _) = try await ask(.HEAD, path)
        if status == 404 { return nil }
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
        return ObjectFacts(
            size: headers.first(name: "Content-Length").flatMap { Int64($0) } ?? 0,
            uploadID: headers.first(name: Self.uploadHeader),
            manifest: headers.first(name: "X-Object-Manifest"),
            isStaticLargeObject: headers.first(name: "X-Static-Large-Object")?.lowercased() == "true",
            written: Self.time(headers))
    }

    /// When an object was written, by the server's clock.
    static func time(_ headers: HTTPHeaders) -> Timestamp {
        let seconds = headers.first(name: "X-Timestamp").flatMap { Double($0) } ?? 0
        return Timestamp(microseconds: Int64(seconds * 1_000_000))
    }

    func exists(_ path: Path) async throws(StoreError) -> Bool { try await facts(path) != nil }

    /// Writes a small object.
    ///
    /// - Throws: ``StoreError/notFound`` when the container is missing; with `If-None-Match: *`,
    ///   ``StoreError/duplicate`` when the object is there.
    func put(_ path: Path, _ bytes: ByteBuffer = ByteBuffer(), headers: HTTPHeaders = [:]) async throws(StoreError) {
        let (status, _, _) = try await ask(.PUT, path, headers: headers, body: bytes)
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
    }

    /// - Returns: false when there was none.
    @discardableResult
    func delete(_ path: Path, query: String = "") async throws(StoreError) -> Bool {
        let (status, _, _) = try await ask(.DELETE, path, query: query)
        if status == 404 { return false }
        guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
        return true
    }

    /// Creates a container that is missing, where the options say so.
    func makeContainer(_ name: String, _ settings: SwiftSettings) async throws(StoreError) {
        let (status, _, _) = try await ask(.HEAD, Path(name))
        switch status {
        case 200..<300: return
        case 404 where settings.createsContainers: break
        case 404:
            throw .backend("there is no container \(name), and swift_store_create_container_on_put is not set")
        default: throw StoreError(swiftStatus: status)
        }
        let (created, _, _) = try await ask(.PUT, Path(name))
        guard 200..<300 ~= created else { throw StoreError(swiftStatus: created) }
    }

    /// All names of a container that begin with a prefix, in pages that each get to `body`.
    ///
    /// A container that is missing holds none.
    func list(
        _ container: String, prefix: String, pageSize: Int = 1000,
        _ body: ([Entry]) async throws(StoreError) -> Void
    ) async throws(StoreError) {
        var marker = ""
        while true {
            var query = "format=json&limit=\(pageSize)&prefix=\(PercentEncoding.encode(prefix))"
            if !marker.isEmpty { query += "&marker=\(PercentEncoding.encode(marker))" }
            let (status, _, bytes) = try await ask(.GET, Path(container), query: query)
            if status == 404 { return }
            guard 200..<300 ~= status else { throw StoreError(swiftStatus: status) }
            let entries = try Self.entries(bytes)
            guard let last = entries.last else { return }
            try await body(entries)
            marker = last.name
        }
    }

    private static func entries(_ bytes: ByteBuffer) throws(StoreError) -> [Entry] {
        // An old server's empty answer.
        if bytes.readableBytes == 0 { return [] }
        guard let items = try? JSONValue.parse(Array(bytes.readableBytesView)).arrayValue else {
            throw .backend("Swift's list of a container cannot be read")
        }
        return items.compactMap { item in
            guard let name = item["name"]?.stringValue else { return nil }
            return Entry(
                name: name, size: item["bytes"]?.integerValue ?? 0,
                written: item["last_modified"]?.stringValue.flatMap { Timestamp($0) } ?? .now)
        }
    }

    /// Removes all objects whose names begin with a prefix.
    ///
    /// - Parameter isWanted: which of them.
    func deleteAll(
        _ container: String, prefix: String, context: StoreContext,
        where isWanted: @Sendable (Entry) -> Bool = { _ in true }
    ) async throws(StoreError) {
        guard !prefix.isEmpty else { throw .backend("a manifest names a whole container") }
        try await list(container, prefix: prefix, pageSize: 200) { entries throws(StoreError) in
            let wanted = entries.filter(isWanted)
            let failure = await withTaskGroup(of: StoreError?.self) { group in
                var next = wanted.makeIterator()
                for _ in 0..<8 { if let entry = next.next() { add(entry, to: &group) } }
                var failure: StoreError?
                for await outcome in group {
                    failure = failure ?? outcome
                    if failure == nil, let entry = next.next() { add(entry, to: &group) }
                }
                return failure
            }
            if let failure { throw failure }
        }
        func add(_ entry: Entry, to group: inout TaskGroup<StoreError?>) {
            group.addTask {
                do throws(StoreError) {
                    try context.requireTime()
                    try await delete(Path(container, entry.name))
                    return nil
                } catch {
                    return error
                }
            }
        }
    }

    /// Removes an object with its segments: first these, so that what is killed in between finds them again.
    func deleteWithSegments(_ path: Path, _ facts: ObjectFacts, context: StoreContext) async throws(StoreError) {
        try context.requireTime()
        if facts.isStaticLargeObject {
            try await delete(path, query: "multipart-manifest=delete")
            return
        }
        if let manifest = facts.manifest, let (container, prefix) = Self.segments(manifest) {
            try await deleteAll(container, prefix: prefix, context: context)
            try context.requireTime()
        }
        try await delete(path)
    }

    /// Container and prefix that a manifest names.
    static func segments(_ manifest: String) -> (container: String, prefix: String)? {
        guard let text = PercentEncoding.decode(manifest.utf8), let slash = text.firstIndex(of: "/") else { return nil }
        return (String(text[..<slash]), String(text[text.index(after: slash)...]))
    }
}
