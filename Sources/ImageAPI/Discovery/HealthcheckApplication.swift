import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import NIOPosix
import OsloConfig

/// oslo's `/healthcheck`: 200 `OK`, or 503 while a file says so. It stands outside authentication, for load balancers.
struct HealthcheckApplication: PipelineResponder {
    /// What is checked (`backends`).
    enum Check: Sendable, Equatable {
        /// Unavailable while the file exists; nil when the option is not set.
        case disableByFile(String?)
        /// Unavailable while one of the files does not exist.
        case enableByFiles([String])
    }

    struct Outcome: Sendable, Equatable {
        var isAvailable: Bool
        var reason: String
        var details: String
    }

    let checks: [Check]
    /// Show what was looked at, not only the outcome.
    let isDetailed: Bool
    /// Clients that get an answer; everybody when empty.
    let allowedSources: [AddressRange]
    /// Requests that came through a proxy get no answer.
    let ignoresProxiedRequests: Bool

    func respond(to request: Request, context: APIContext) async throws -> Response {
        guard answers(request, context) else { return APIError(.notFound).response(to: request) }
        // A status file may lie on a file system that hangs: not on the event loop.
        let outcomes = try await NIOThreadPool.singleton.runIfActive { checks.map(Self.run) }
        let isHealthy = outcomes.allSatisfy(\.isAvailable)
        if request.method == .head {
            return Response(
                status: isHealthy ? .noContent : .serviceUnavailable,
                headers: [.contentType: "text/plain; charset=UTF-8", .contentLength: "0"])
        }
        let (type, body) = render(outcomes, accept: request.headers[.accept])
        return Response(
            status: isHealthy ? .ok : .serviceUnavailable, headers: [.contentType: type],
            body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }

    private func answers(_ request: Request, _ context: APIContext) -> Bool {
        if !allowedSources.isEmpty {
            guard let address = context.remoteAddress, allowedSources.contains(where: { $0.contains(address) }) else {
                return false
            }
        }
        return !(ignoresProxiedRequests && Self.proxyHeaders.contains { request.headers.contains($0) })
    }

    private static let proxyHeaders: [HTTPField.Name] = [
        .forwarded, .forwardedProto, .forwardedHost, .forwardedPrefix, .forwardedFor,
    ]

    static func run(_ check: Check) -> Outcome {
        switch check {
        case .disableByFile(nil):
            return Outcome(isAvailable: true, reason: "OK", details: "disable_by_file_path is not set")
        case .disableByFile(let path?):
            return TextFile.exists(path)
                ? Outcome(isAvailable: false, reason: "DISABLED BY FILE", details: "\(path) exists")
                : Outcome(isAvailable: true, reason: "OK", details: "\(path) does not exist")
        case .enableByFiles(let paths):
            if let missing = paths.first(where: { !TextFile.exists($0) }) {
                return Outcome(isAvailable: false, reason: "FILE PATH MISSING", details: "\(missing) does not exist")
            }
            return Outcome(isAvailable: true, reason: "OK", details: "all files exist")
        }
    }

    /// Plain text unless the client prefers one of the other forms.
    private func render(_ outcomes: [Outcome], accept: String?) -> (type: String, body: String) {
        switch accept.flatMap({ AcceptHeader($0) })?.best(of: ["text/plain", "text/html", "application/json"]) {
        case "application/json": return ("application/json", json(outcomes))
        case "text/html": return ("text/html; charset=UTF-8", html(outcomes))
        default:
            let lines = outcomes.map { isDetailed ? "\($0.reason) (\($0.details))" : $0.reason }
            return ("text/plain; charset=UTF-8", lines.joined(separator: "\n"))
        }
    }

    private func json(_ outcomes: [Outcome]) -> String {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.field("detailed", isDetailed)
            writer.field("reasons") { writer in
                writer.array { writer in
                    for outcome in outcomes {
                        if isDetailed {
                            writer.object { writer in
                                writer.field("details", outcome.details)
                                writer.field("reason", outcome.reason)
                            }
                        } else {
                            writer.string(outcome.reason)
                        }
                    }
                }
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    private func html(_ outcomes: [Outcome]) -> String {
        let rows = outcomes.map { outcome in
            let details = isDetailed ? "<TD>\(APIError.escapeHTML(outcome.details))</TD>" : ""
            return "<TR><TD>\(outcome.reason)</TD>\(details)</TR>"
        }
        return """
            <HTML>
            <HEAD><TITLE>Healthcheck Status</TITLE></HEAD>
            <BODY>
            <TABLE border="1">
            \(rows.joined(separator: "\n"))
            </TABLE>
            </BODY>
            </HTML>
            """
    }
}

extension HealthcheckApplication {
    /// Keys of the paste section win over `[healthcheck]`.
    ///
    /// - Throws: ``ConfigurationError`` naming the option that cannot work.
    init(keys: PasteOptions, configuration: Configuration) throws(ConfigurationError) {
        typealias Group = Options.Healthcheck
        var checks: [Check] = []
        for backend in keys.list("backends") ?? configuration[Group.backends] {
            switch backend {
            case "disable_by_file":
                checks.append(
                    .disableByFile(keys.options["disable_by_file_path"] ?? configuration[Group.disableByFilePath]))
            case "disable_by_files_ports":
                let pairs = keys.list("disable_by_file_paths") ?? configuration[Group.disableByFilePaths]
                checks.append(.disableByFile(try Self.path(of: configuration[Options.Default.bindPort], in: pairs)))
            case "enable_by_files":
                checks.append(
                    .enableByFiles(keys.list("enable_by_file_paths") ?? configuration[Group.enableByFilePaths]))
            default:
                throw ConfigurationError(
                    "healthcheck backend '\(backend)' does not exist; there are disable_by_file, disable_by_files_ports and "
                        + "enable_by_files")
            }
        }
        let sources = try AddressRange.ranges(
            keys.list("allowed_source_ranges") ?? configuration[Group.allowedSourceRanges],
            of: "healthcheck allowed_source_ranges")
        self.init(
            checks: checks, isDetailed: try keys.flag("detailed") ?? configuration[Group.detailed],
            allowedSources: sources,
            ignoresProxiedRequests: try keys.flag("ignore_proxied_requests")
                ?? configuration[Group.ignoreProxiedRequests])
    }

    /// The path of a port in `port:path` pairs.
    private static func path(of port: Int, in pairs: [String]) throws(ConfigurationError) -> String? {
        var path: String?
        for pair in pairs {
            let parts = pair.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, let number = Int(parts[0]) else {
                throw ConfigurationError("healthcheck disable_by_file_paths: '\(pair)' is not port:path")
            }
            if number == port { path = String(parts[1]) }
        }
        return path
    }
}
