import JSON
import Logging
import NIOCore
import NIOPosix
import TextCoding

/// Verdicts of Keystone in memcached, shared with other processes and hosts. Its trouble is nobody else's: what cannot
/// be read in time is as good as absent.
final class SharedTokenCache: Sendable {
    /// Longer than this no request waits: Keystone itself answers in less.
    private static let longestWait = TimeAmount.milliseconds(300)
    private static let maximumThreads = 4
    /// memcached takes a longer life for a date.
    private static let longestLife = 30 * 24 * 3600

    private let servers: [MemcachedServer]
    private let protection: CacheProtection
    private let realm: String
    /// Each has one connection to one server at a time.
    private let threads: NIOThreadPool
    /// How long work may wait for one of them.
    private let connectionTimeout: Duration
    private let eventLoopGroup: any EventLoopGroup

    /// - Parameter realm: what must not share entries, such as the address of Keystone.
    init(_ settings: MemcachedSettings, realm: String, eventLoopGroup: any EventLoopGroup, logger: Logger) {
        servers = settings.servers.map { MemcachedServer($0, settings: settings, logger: logger) }
        protection = settings.protection
        self.realm = realm
        self.eventLoopGroup = eventLoopGroup
        connectionTimeout = .seconds(settings.connectionTimeout)
        threads = NIOThreadPool(numberOfThreads: min(settings.maximumConnections, Self.maximumThreads))
        threads.start()
    }

    func shutdown() async { try? await threads.shutdownGracefully() }

    /// The verdict on a token and its age in seconds, nil when there is none.
    func verdict(on token: TokenDigest) async -> (answer: JSONValue, age: Int)? {
        let server = server(for: token)
        guard server.isAlive else { return nil }
        let key = protection.entryKey(token, realm: realm)
        let found = eventLoopGroup.any().makePromise(of: [UInt8]?.self)
        let deadline = found.futureResult.eventLoop.scheduleTask(in: Self.longestWait) { found.succeed(nil) }
        let end = ContinuousClock.now + connectionTimeout
        threads.submit { state in
            guard state == .active, ContinuousClock.now <= end else { return found.succeed(nil) }
            found.succeed(
                server.with { connection throws(MemcachedConnection.Failure) in try connection.value(for: key) })
        }
        let sealed = try? await found.futureResult.get()
        deadline.cancel()
        guard let sealed, let text = protection.open(sealed, token, key: key) else { return nil }
        return Self.decode(text)
    }

    /// Stores a verdict in the background.
    func store(_ answer: [UInt8], on token: TokenDigest, lifetime: Int) {
        let server = server(for: token)
        let key = protection.entryKey(token, realm: realm)
        let text = Self.encode(answer)
        guard server.isAlive, let sealed = protection.seal(text, token, key: key) else { return }
        let end = ContinuousClock.now + connectionTimeout
        threads.submit { state in
            guard state == .active, ContinuousClock.now <= end else { return }
            server.with { connection throws(MemcachedConnection.Failure) in
                try connection.set(sealed, for: key, lifetime: min(lifetime, Self.longestLife))
            }
        }
    }

    private func server(for token: TokenDigest) -> MemcachedServer {
        let number = token.bytes.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        return servers[number % servers.count]
    }

    private static func encode(_ answer: [UInt8]) -> [UInt8] {
        var writer = JSONWriter(capacity: answer.count + 64)
        writer.object { writer in
            writer.field("validated_at", Timestamp.now.secondsSince1970)
            writer.field("answer") { $0.text(answer) }
        }
        return writer.bytes
    }

    private static func decode(_ text: [UInt8]) -> (answer: JSONValue, age: Int)? {
        guard let entry = try? JSONValue.parse(text), let time = entry["validated_at"]?.integerValue,
            let answer = entry["answer"]
        else { return nil }
        // Another host's clock may be ahead.
        let (age, overflow) = Timestamp.now.secondsSince1970.subtractingReportingOverflow(time)
        return (answer, overflow ? .max : Int(max(0, age)))
    }
}
