import JSON
import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import Identity

/// A real memcached without Keystone.
@Suite struct SharedTokenCacheTests {
    private static let answer = Array(#"{"token": {"user": "u"}}"#.utf8)
    private static let verdict: JSONValue = ["token": ["user": "u"]]

    private func cache(_ settings: MemcachedSettings) -> SharedTokenCache {
        SharedTokenCache(
            settings, realm: "r", eventLoopGroup: .singletonMultiThreadedEventLoopGroup, logger: Logger(label: "test"))
    }

    private func settings(_ memcached: SupportServer) throws -> MemcachedSettings {
        MemcachedSettings(
            servers: [try MemcachedSettings.Server(memcached.setting("MEMCACHED_SERVERS"))], deadRetry: 1)
    }

    /// Stores until the verdict can be read, since storing happens in the background.
    private func roundTrip(_ cache: SharedTokenCache, _ token: String) async throws -> JSONValue? {
        let end = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < end {
            cache.store(Self.answer, on: TokenDigest(of: token), lifetime: 60)
            if let verdict = await cache.verdict(on: TokenDigest(of: token)) {
                #expect(verdict.age <= 20)
                return verdict.answer
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    @Test func aStoppedServerCostsNothingAndComesBack() async throws {
        try await withServer("memcached") { memcached in
            let cache = try cache(settings(memcached))
            #expect(await cache.verdict(on: TokenDigest(of: "unknown")) == nil)
            #expect(try await roundTrip(cache, "a") == Self.verdict)
            try await memcached.stop()
            let duration = await ContinuousClock().measure {
                for number in 0..<200 { #expect(await cache.verdict(on: TokenDigest(of: "\(number)")) == nil) }
            }
            // If each waited for its timeout, it would be minutes.
            #expect(duration < .seconds(10))
            try await memcached.start()
            #expect(try await roundTrip(cache, "b") == Self.verdict)
            await cache.shutdown()
        }
    }

    @Test func aSilentServerHoldsNobodyUp() async throws {
        let silent = try await Proxy.start(to: nil)
        let cache = cache(
            MemcachedSettings(servers: [.init(host: "127.0.0.1", port: UInt16(silent.port))], socketTimeout: 1))
        let duration = await ContinuousClock().measure {
            await withTaskGroup { group in
                for number in 0..<20 {
                    group.addTask { #expect(await cache.verdict(on: TokenDigest(of: "\(number)")) == nil) }
                }
            }
        }
        // Twenty, one after the other, would take twenty seconds.
        #expect(duration < .seconds(10))
        await cache.shutdown()
        try await silent.stop()
    }

    /// `memcache_pool_conn_get_timeout`: what has waited too long for a connection is given up.
    @Test(.timeLimit(.minutes(1))) func aConnectionIsNotWaitedForTooLong() async throws {
        let (requests, request) = AsyncStream.makeStream(of: String.self)
        let server = try await HostileServer.start(staysOpen: true, delay: .milliseconds(1500)) { text in
            request.yield(text.split(separator: " ").dropFirst().first.map { String($0) } ?? "")
            return Array("STORED\r\n".utf8)
        }
        var settings = MemcachedSettings(servers: [server.address], socketTimeout: 30)
        settings.connectionTimeout = 1
        settings.maximumConnections = 1
        let cache = cache(settings)
        let protection = settings.protection
        func key(_ token: String) -> String { protection.entryKey(TokenDigest(of: token), realm: "r") }
        for token in ["first", "late"] { cache.store(Self.answer, on: TokenDigest(of: token), lifetime: 60) }
        var keys = requests.makeAsyncIterator()
        #expect(await keys.next() == key("first"))
        // When the first is done, the late one has waited too long, and some of these have not.
        let others = Task {
            while !Task.isCancelled {
                cache.store(Self.answer, on: TokenDigest(of: "other"), lifetime: 60)
                try? await Task.sleep(for: .milliseconds(100))
            }
        }
        #expect(await keys.next() == key("other"))
        others.cancel()
        await cache.shutdown()
        try await server.stop()
    }

    @Test func rubbishIsNoVerdict() async throws {
        try await withServer("memcached") { memcached in
            let settings = try settings(memcached)
            let cache = cache(settings)
            let token = TokenDigest(of: "t")
            let connection = try MemcachedConnection(settings.servers[0], settings: settings)
            for text in ["", "{", "[]", #"{"validated_at": "x", "answer": {}}"#, #"{"validated_at": 1}"#] {
                try connection.set(Array(text.utf8), for: settings.protection.entryKey(token, realm: "r"), lifetime: 60)
                #expect(await cache.verdict(on: token) == nil)
            }
            try connection.set(
                Array("{\"validated_at\": \(Int64.min), \"answer\": {}}".utf8),
                for: settings.protection.entryKey(token, realm: "r"), lifetime: 60)
            #expect(await cache.verdict(on: token)?.age == .max)
            await cache.shutdown()
        }
    }

    @Test func severalServersShareTheTokens() async throws {
        try await withServer("memcached") { one in
            try await withServer("memcached") { two in
                var settings = try settings(one)
                settings.servers += try self.settings(two).servers
                let cache = cache(settings)
                for number in 0..<20 { #expect(try await roundTrip(cache, "\(number)") == Self.verdict) }
                try await two.stop()
                var found = 0
                for number in 0..<20 where await cache.verdict(on: TokenDigest(of: "\(number)")) != nil { found += 1 }
                #expect(found > 0 && found < 20)
                await cache.shutdown()
            }
        }
    }
}
