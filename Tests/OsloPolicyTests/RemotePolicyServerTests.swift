import FoundationEssentials
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import OsloPolicy
import Synchronization
import Testing

@Suite struct RemotePolicyServerTests {
    /// Answers every request with `answer` and keeps what it was sent.
    private final class Peer: Sendable {
        let channel: any Channel
        let requests: Requests

        final class Requests: Sendable {
            let texts = Mutex<[String]>([])
        }

        init(answer: String?) async throws {
            let requests = Requests()
            self.requests = requests
            channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
                .childChannelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                        try channel.pipeline.syncOperations.addHandler(Handler(answer: answer, requests: requests))
                    }
                }
                .bind(host: "127.0.0.1", port: 0).get()
        }

        var address: String { "127.0.0.1:\(channel.localAddress?.port ?? 0)" }
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let answer: String?
        let requests: Peer.Requests
        var text = ""

        init(answer: String?, requests: Peer.Requests) {
            self.answer = answer
            self.requests = requests
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): text = "\(head.method) \(head.uri) \(head.headers["Content-Type"].joined())\n"
            case .body(let bytes): text += String(buffer: bytes)
            case .end:
                requests.texts.withLock { $0.append(text) }
                guard let answer else { return }
                let head = HTTPResponseHead(
                    version: .http1_1, status: .ok, headers: ["Content-Length": "\(answer.utf8.count)"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer)))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }

    private static let credentials: PolicyCredentials = ["user_id": .string("u&1"), "roles": .list(["reader"])]

    private func decide(_ peer: Peer, _ settings: RemotePolicyServer.Settings = .init()) async throws -> Bool {
        let server = try RemotePolicyServer(settings, eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
        let enforcer = try Enforcer(
            defaults: [RuleDefault("get", "http://\(peer.address)/check/%(name)s", "")], policyFile: nil,
            policyDirectories: [], enforceNewDefaults: true, remoteCheck: server.check,
            logger: Logger(label: "test"))
        let allowed = await enforcer.allows(
            "get", target: ["name": .string("n"), "owner": .null], credentials: Self.credentials)
        await server.shutdown()
        return allowed
    }

    @Test(arguments: [
        ("True", true), ("\"True\"", true), ("true", false), ("False", false), ("", false), ("True story", false),
    ])
    func onlyTrueLetsPass(answer: String, expected: Bool) async throws {
        let peer = try await Peer(answer: answer)
        #expect(try await decide(peer) == expected)
        try await peer.channel.close()
    }

    @Test func whatIsSent() async throws {
        let peer = try await Peer(answer: "True")
        _ = try await decide(peer)
        var settings = RemotePolicyServer.Settings()
        settings.sendsJSON = true
        _ = try await decide(peer, settings)
        let requests = peer.requests.texts.withLock { $0 }
        try #require(requests.count == 2)
        #expect(requests[0].hasPrefix("POST /check/n application/x-www-form-urlencoded\nrule=%22get%22&target=%7B"))
        #expect(requests[0].contains("u%261"))
        #expect(requests[1].hasPrefix("POST /check/n application/json\n"))
        struct Question: Decodable {
            var rule: String
            var target: [String: String?]
            var credentials: Credentials
        }
        struct Credentials: Decodable {
            var roles: [String]
        }
        let body = requests[1].drop { $0 != "\n" }
        let question = try JSONDecoder().decode(Question.self, from: Data(body.utf8))
        #expect(question.rule == "get")
        #expect(question.target == ["name": "n", "owner": nil])
        #expect(question.credentials.roles == ["reader"])
        try await peer.channel.close()
    }

    @Test func aSilentOrAbsentServerRefuses() async throws {
        let peer = try await Peer(answer: nil)
        var settings = RemotePolicyServer.Settings()
        settings.timeout = 0.2
        #expect(try await !decide(peer, settings))
        try await peer.channel.close()
        #expect(try await !decide(peer))
    }

    @Test func certificatesThatCannotBeReadEndTheStart() {
        for change: (inout RemotePolicyServer.Settings) -> Void in [
            { $0.tls.caFile = "/nonexistent" }, { $0.tls.certificateFile = "/nonexistent" },
        ] {
            var settings = RemotePolicyServer.Settings()
            change(&settings)
            #expect(throws: PolicyError.self) {
                try RemotePolicyServer(settings, eventLoopGroup: .singletonMultiThreadedEventLoopGroup)
            }
        }
    }
}
