import Authorization
import HTTPServer
import HTTPTypes
import Hummingbird
import Identity
import Logging
import NIOCore
import OsloConfig
import Synchronization

@testable import ImageAPI

/// Sends requests straight to a responder, without sockets.
struct TestClient: Sendable {
    let responder: any PipelineResponder
    let log = LogRecorder()

    init(_ responder: any PipelineResponder) {
        self.responder = responder
    }

    /// The whole pipeline that a configuration and paste text give, in front of `routes`.
    init(
        configuration: String = "[paste_deploy]\nflavor = keystone\n", paste: String = PasteFile.shippedText,
        routes: [Route] = [.whoAmI]
    ) throws {
        let configuration = try Configuration(text: configuration)
        let file = try PasteFile(parsing: paste, path: "paste.ini")
        let application = try PasteApplication(
            file, flavor: configuration[Options.PasteDeploy.flavor],
            ignoredFilters: Set(configuration[Options.PasteDeploy.ignoredFilters]))
        self.init(
            try ImageAPIApplication.responder(
                configuration: configuration, application: application, lookup: .test, routes: routes))
    }

    struct Answer: Sendable {
        var status: Int
        var reason: String
        var headers: HTTPFields
        var body: String
        var bytes: [UInt8]
    }

    func send(
        _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields = [:], body: String? = nil,
        bytes: [UInt8]? = nil, authority: String? = "images.example.com", source: String? = nil
    ) async throws -> Answer {
        var headers = headers
        let data = bytes ?? body.map { Array($0.utf8) }
        if let data, headers[.transferEncoding] == nil { headers[.contentLength] = String(data.count) }
        let head = HTTPRequest(method: method, scheme: "http", authority: authority, path: path, headerFields: headers)
        let request = Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: data ?? [])))
        let context = APIContext(
            source: HTTPRequestSource(
                logger: Logger(label: "test") { _ in RecordingHandler(recorder: log) },
                remoteAddress: try source.map { try SocketAddress(ipAddress: $0, port: 1234) }))
        let response = try await responder.respond(to: request, context: context)
        let collector = Collector()
        if method != .head { try await response.body.write(CollectingWriter(collector: collector)) }
        let bytes = collector.bytes.withLock { $0 }
        return Answer(
            status: response.status.code, reason: response.status.reasonPhrase, headers: response.headers,
            body: String(decoding: bytes, as: UTF8.self), bytes: bytes)
    }
}

extension Route {
    /// Says what the pipeline found out about the caller.
    static let whoAmI = Route(.get, "/v2/images") { _, context in
        .json { writer in
            writer.object { writer in
                writer.field("project", context.caller.project)
                writer.field("admin", context.caller.isAdmin)
                writer.field("read_only", context.caller.isReadOnly)
                writer.field("request_id", context.caller.requestID)
                writer.field("base", context.baseURL)
            }
        }
    }
}

extension CallerLookup {
    /// Knows one token, `good`, and fails like an unreachable Keystone for `down`.
    static let test: CallerLookup = {
        var lookup = CallerLookup { identity, requestID, token, _ in
            Caller(
                identity: identity, project: identity.projectID, isAdmin: identity.roles.contains("admin"),
                requestID: requestID, token: token)
        }
        lookup.challenge = "Keystone uri=\"http://keystone.example.com:5000\""
        lookup.validate = { token, serviceToken, _, _ throws(IdentityError) in
            switch token {
            case "good": return AuthContext(userID: "u1", projectID: "p1", roles: ["member"])
            case "admin": return AuthContext(userID: "u2", projectID: "p2", roles: ["admin"])
            case "expired" where serviceToken == "service": return AuthContext(userID: "u1", projectID: "p1", roles: [])
            case "down": throw .unavailable("connection refused")
            default: throw .invalidToken
            }
        }
        return lookup
    }()
}

/// Log lines of a test.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: [String: String]
    }

    private let recorded = Mutex<[Line]>([])

    var lines: [Line] { recorded.withLock { $0 } }

    func add(_ line: Line) { recorded.withLock { $0.append(line) } }
}

private struct RecordingHandler: LogHandler {
    let recorder: LogRecorder
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.debug

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        recorder.add(.init(level: event.level, message: "\(event.message)", metadata: all.mapValues { "\($0)" }))
    }
}

private final class Collector: Sendable {
    let bytes = Mutex<[UInt8]>([])
}

private struct CollectingWriter: ResponseBodyWriter {
    let collector: Collector

    mutating func write(_ buffer: ByteBuffer) async throws {
        collector.bytes.withLock { $0 += buffer.readableBytesView }
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}

/// Answers every request in the same way.
struct SameAnswer: PipelineResponder {
    let answer: @Sendable (Request) -> Response

    func respond(to request: Request, context: APIContext) async throws -> Response { answer(request) }
}
