import JSON
import NIOCore
import NIOHTTP1
import NIOPosix
import TestSupport
import Testing

@testable import Identity

/// Something that answers in Keystone's place and says what no Keystone can hold.
@Suite struct ImpossibleTokenTests {
    private static let long = String(repeating: "x", count: 256)

    /// A token's facts; members of it can be replaced or added.
    private static func facts(_ changes: [String: String] = [:]) -> String {
        var members = [
            "expires_at": #""2999-01-01T00:00:00.000000Z""#, "roles": #"[{"id": "r", "name": "member"}]"#,
            "user": #"{"id": "u", "name": "n", "domain": {"id": "d", "name": "D"}}"#,
            "project": #"{"id": "p", "name": "P", "domain": {"id": "d", "name": "D"}}"#,
        ]
        members.merge(changes) { $1 }
        return "{\"token\": {" + members.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}}"
    }

    @Test(arguments: [
        ("user", #"{"id": "a\u0000b"}"#, "token.user.id"), ("user", #"{"id": "\#(long)"}"#, "token.user.id"),
        ("user", #"{"id": "u", "name": "\u0000"}"#, "token.user.name"),
        ("user", #"{"id": "u", "domain": {"id": "\#(long)"}}"#, "token.user.domain.id"),
        ("user", #"{"id": "u", "domain": {"name": "\#(long)"}}"#, "token.user.domain.name"),
        ("project", #"{"id": "\#(long)"}"#, "token.project.id"), ("project", #"{"id": "\u0000"}"#, "token.project.id"),
        ("project", #"{"id": "p", "name": "\#(long)"}"#, "token.project.name"),
        ("project", #"{"id": "p", "domain": {"id": "\u0000"}}"#, "token.project.domain.id"),
        ("domain", #"{"id": "\#(long)"}"#, "token.domain.id"),
        ("roles", #"[{"name": "member"}, {"name": "a\u0000"}]"#, "token.roles.name"),
    ])
    func isNamed(member: String, value: String, field: String) throws {
        let text = Self.facts([member: value])
        let error = #expect(throws: TokenAnswer.Impossible.self) { try ValidatedToken(answer: .parse(text)) }
        #expect(error?.field == field)
    }

    @Test func whatKeystoneCanHoldIsTaken() throws {
        let name = String(repeating: "ü", count: 255)
        let text = Self.facts(["project": "{\"id\": \"p\", \"name\": \"\(name)\"}"])
        #expect(try ValidatedToken(answer: .parse(text)).context.projectName == name)
    }

    /// 503 and a reason in the log, whatever the token.
    @Test(.timeLimit(.minutes(1))) func theServiceIsUnavailable() async throws {
        let bad = Self.facts(["project": #"{"id": "a\u0000b"}"#])
        let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
                    try channel.pipeline.syncOperations.addHandler(FakeKeystone(own: Self.facts(), other: bad))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(channel.localAddress?.port)
        let recorder = EventRecorder()
        let authenticator = try TokenAuthenticator(
            keystone: KeystoneSettings(
                authURL: "http://127.0.0.1:\(port)/v3",
                credentials: .password(.name("glance", .name("Default")), password: "s"),
                scope: .project("service", .name("Default"))),
            tokens: TokenSettings(publicURL: "http://k"), eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            logger: recorder.logger)
        await #expect(
            throws: IdentityError.unavailable(
                "Keystone's answer about a token cannot be used: token.project.id has a NUL or more than 255 characters"
            )
        ) { try await authenticator.authenticate(token: "t", serviceToken: nil) }
        #expect(recorder.entries.contains { $0.level == .error && $0.message.contains("token.project.id") })
        await authenticator.shutdown()
        try await channel.close()
    }

    private final class FakeKeystone: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        let own: String
        let other: String
        private var method = HTTPMethod.GET

        init(own: String, other: String) {
            self.own = own
            self.other = other
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): method = head.method
            case .body: break
            case .end:
                let isOwn = method == .POST
                let body = ByteBuffer(string: isOwn ? own : other)
                let head = HTTPResponseHead(
                    version: .http1_1, status: isOwn ? .created : .ok,
                    headers: ["X-Subject-Token": "own", "Content-Length": "\(body.readableBytes)"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}
